"""The protocol of a create that is never sent upstream twice; tasks and assets build on it.

Its steps, in order:

1. **Claim** (``retry_dedup``): a request with an ``Idempotency-Key``, or the retry of a client that was disconnected,
   is given the result of the earlier attempt.
2. **Intent** (``intent_log`` of both): committed together with the attempt before the upstream is called, while the
   tenant and the channel are locked (``locks``).
3. **Offer** (``channel_offer`` for assets, ``task_offer`` for tasks): the channels are asked in turn until one
   accepts the create or may have accepted it.
4. **Outcome**: written to the intent; when it is unknown, background work finds out what the create made.
"""
