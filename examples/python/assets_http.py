"""Makes an asset and a video with it, over plain HTTP: pip install requests."""

import os
import time

import requests

POLL_SECONDS = 1  # 5 to 10 is right for real assets
ASSET_URL = "https://example.com/reference.png"

url = os.environ["SEEDGATE_URL"] + "/api/v3"
session = requests.Session()
session.headers["Authorization"] = "Bearer " + os.environ["SEEDGATE_API_KEY"]


def post(path: str, body: dict) -> dict:
    """Posts to a path, and returns what it answers."""
    answer = session.post(url + path, json=body)
    if not answer.ok:
        raise SystemExit(f"{path}: {answer.status_code} {answer.json()['error']}")
    return answer.json()


def call(action: str, **body: object) -> dict:
    """Calls an action of the Assets API."""
    return post("/open/" + action, body)


group_id = call("CreateAssetGroup", Name="kittens", Description="References", GroupType="AIGC")["Id"]
print("group", group_id)

asset_id = call("CreateAsset", GroupId=group_id, URL=ASSET_URL, Name="grey kitten", AssetType="Image")["Id"]
print("asset", asset_id)

while (asset := call("GetAsset", Id=asset_id))["Status"] == "Processing":
    time.sleep(POLL_SECONDS)
if asset["Status"] != "Active":
    raise SystemExit(f"{asset_id} is {asset['Status']}: {asset.get('Error')}")
print("active", asset_id)

task = post(
    "/contents/generations/tasks",
    {
        "model": "doubao-seedance-2",
        "content": [
            {"type": "text", "text": "The kitten stretches"},
            {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "reference_image"},
        ],
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
    },
)
print("created", task["id"])

wanted = {"GroupType": "AIGC", "GroupIds": [group_id], "Statuses": ["Active"]}
page = call("ListAssets", Filter=wanted, PageNumber=1, PageSize=10)
print("listed", page["TotalCount"])

call("UpdateAsset", Id=asset_id, Name="white kitten")
call("UpdateAssetGroup", Id=group_id, Name="cats", Description="More references")
print("renamed", call("GetAsset", Id=asset_id)["Name"])

call("DeleteAsset", Id=asset_id)
call("DeleteAssetGroup", Id=group_id)
print("deleted", group_id)
