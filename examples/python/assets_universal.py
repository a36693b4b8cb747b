"""Makes an asset and a video with it, with Volcano Engine's SDK: pip install volcengine-ark-runtime."""

import os
import time

import volcenginesdkcore
from volcenginesdkarkruntime import Ark
from volcenginesdkcore.universal import UniversalApi, UniversalInfo

POLL_SECONDS = 1  # 5 to 10 is right for real assets
ASSET_URL = "https://example.com/reference.png"

url, key = os.environ["SEEDGATE_URL"], os.environ["SEEDGATE_API_KEY"]

# The SDK signs its requests, so the API key goes where the access key id belongs; any secret does. The endpoint has
# no path: this SDK would put it into the Host header, and it cannot read the bare answers of /api/v3/assets.
configuration = volcenginesdkcore.Configuration()
configuration.scheme, configuration.host = url.split("://")
configuration.ak, configuration.sk, configuration.region = key, "unused", "cn-beijing"
api = UniversalApi(volcenginesdkcore.ApiClient(configuration))


def call(action: str, **body: object) -> dict:
    """Calls an action of the Assets API."""
    return api.do_call(UniversalInfo("POST", "ark", "2024-01-01", action, "application/json"), body)


group_id = call("CreateAssetGroup", Name="kittens", Description="References", GroupType="AIGC")["Id"]
print("group", group_id)

asset_id = call("CreateAsset", GroupId=group_id, URL=ASSET_URL, Name="grey kitten", AssetType="Image")["Id"]
print("asset", asset_id)

while (asset := call("GetAsset", Id=asset_id))["Status"] == "Processing":
    time.sleep(POLL_SECONDS)
if asset["Status"] != "Active":
    raise SystemExit(f"{asset_id} is {asset['Status']}: {asset.get('Error')}")
print("active", asset_id)

reference = {"type": "image_url", "image_url": {"url": f"asset://{asset_id}"}, "role": "reference_image"}
task = Ark(base_url=url + "/api/v3", api_key=key).content_generation.tasks.create(
    model="doubao-seedance-2",
    content=[{"type": "text", "text": "The kitten stretches"}, reference],
    resolution="720p",
    ratio="16:9",
    duration=5,
)
print("created", task.id)

wanted = {"GroupType": "AIGC", "GroupIds": [group_id], "Statuses": ["Active"]}
page = call("ListAssets", Filter=wanted, PageNumber=1, PageSize=10)
print("listed", page["TotalCount"])

call("UpdateAsset", Id=asset_id, Name="white kitten")
call("UpdateAssetGroup", Id=group_id, Name="cats", Description="More references")
print("renamed", call("GetAsset", Id=asset_id)["Name"])

call("DeleteAsset", Id=asset_id)
call("DeleteAssetGroup", Id=group_id)
print("deleted", group_id)
