"""The protocol of a create that is never sent upstream twice; tasks and assets build on it.

Its steps, in order (``protocol.CreateProtocol``):

1. **Claim** (``retry_dedup``): a request with an ``Idempotency-Key``, or the retry of a client that was disconnected,
   is given the result of the earlier attempt (``protocol.CreateReplay``).
2. **Intent**: committed together with the attempt before the upstream is called, while the tenant and the channel are
   locked (``locks``).
3. **Offer** (``offer``): the channels are asked in turn until one accepts the create or may have accepted it.
4. **Outcome**: written to the intent; when it is unknown, background work finds out what the create made.

A feature gives its ``protocol.Create``: the rows that it writes, what it sends to a channel, and what an outcome means.
"""
