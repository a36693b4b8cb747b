"""Verifies a person's face, with Volcano Engine's SDK: pip install volcengine-ark-runtime."""

import os
import time

import volcenginesdkcore
from volcenginesdkcore.rest import ApiException
from volcenginesdkcore.universal import UniversalApi, UniversalInfo

POLL_SECONDS = 1
TOKEN_SECONDS = 120  # the time that the person has
NOT_FOUND = 404

configuration = volcenginesdkcore.Configuration()
configuration.scheme, configuration.host = os.environ["SEEDGATE_URL"].split("://")
configuration.ak, configuration.sk, configuration.region = os.environ["SEEDGATE_API_KEY"], "unused", "cn-beijing"
api = UniversalApi(volcenginesdkcore.ApiClient(configuration))


def call(action: str, **body: object) -> dict:
    """Calls an action of the Assets API."""
    return api.do_call(UniversalInfo("POST", "ark", "2024-01-01", action, "application/json"), body)


session = call("CreateVisualValidateSession", CallbackURL="https://www.example.com/callback")
# On the person's own device. It leads to CallbackURL when they are done, with resultCode=10000 if all went well.
print("open", session["H5Link"], flush=True)

give_up_at = time.monotonic() + TOKEN_SECONDS
while True:
    try:
        verified = call("GetVisualValidateResult", BytedToken=session["BytedToken"])
        break
    except ApiException as error:
        # Not found means that the person has not finished.
        if error.status != NOT_FOUND or time.monotonic() > give_up_at:
            raise
    time.sleep(POLL_SECONDS)
# Assets of this person go into this group.
print("verified", verified["GroupId"])
