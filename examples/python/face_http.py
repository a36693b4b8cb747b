"""Verifies a person's face, over plain HTTP: pip install requests."""

import os
import time

import requests

POLL_SECONDS = 1
TOKEN_SECONDS = 120  # the time that the person has

url = os.environ["SEEDGATE_URL"] + "/api/v3/open/"
http = requests.Session()
http.headers["Authorization"] = "Bearer " + os.environ["SEEDGATE_API_KEY"]

opened = http.post(url + "CreateVisualValidateSession", json={"CallbackURL": "https://www.example.com/callback"})
opened.raise_for_status()
session = opened.json()
# On the person's own device. It leads to CallbackURL when they are done, with resultCode=10000 if all went well.
print("open", session["H5Link"], flush=True)

give_up_at = time.monotonic() + TOKEN_SECONDS
while True:
    result = http.post(url + "GetVisualValidateResult", json={"BytedToken": session["BytedToken"]})
    # Not found means that the person has not finished.
    if result.status_code != requests.codes.not_found or time.monotonic() > give_up_at:
        break
    time.sleep(POLL_SECONDS)
result.raise_for_status()
# Assets of this person go into this group.
print("verified", result.json()["GroupId"])
