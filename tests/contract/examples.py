"""Every request example of the spec, byte for byte; only ids that the service makes up stand as ``{id}``."""

WEB_SEARCH = """{
    "model": "doubao-seedance-2",
    "content": [
      {
        "type": "text",
        "text": "Generate a short unboxing video of the latest 2026 iPhone."
      }
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "tools": [
      {
        "type": "web_search"
      }
    ]
  }"""

TEXT_TO_VIDEO = """{
    "model": "doubao-seedance-2",
    "content": [
      {
        "type": "text",
        "text": "一只小猫在清晨阳光里伸懒腰,镜头缓慢推进,画面温暖自然。"
      }
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "seed": -1,
    "generate_audio": true,
    "watermark": false
  }"""

REFERENCE_TO_VIDEO = """{
    "model": "doubao-seedance-2",
    "content": [
      {
        "type": "text",
        "text": "全程使用视频1的第一视角构图,全程使用音频1作为背景音乐。第一人称视角果茶宣传广告。"
      },
      {
        "type": "image_url",
        "image_url": { "url": "https://example.com/reference.jpg" },
        "role": "reference_image"
      },
      {
        "type": "video_url",
        "video_url": { "url": "https://example.com/reference.mp4" },
        "role": "reference_video"
      },
      {
        "type": "audio_url",
        "audio_url": { "url": "https://example.com/reference.mp3" },
        "role": "reference_audio"
      }
    ],
    "resolution": "720p",
    "ratio": "16:9",
    "duration": 5,
    "generate_audio": true,
    "return_last_frame": true
  }"""

FIRST_AND_LAST_FRAME = """{
  "model": "doubao-seedance-2",
  "content": [
    {
      "type": "text",
      "text": "让画面从首帧自然过渡到尾帧,镜头保持平稳推进。"
    },
    {
      "type": "image_url",
      "image_url": { "url": "https://example.com/first-frame.png" },
      "role": "first_frame"
    },
    {
      "type": "image_url",
      "image_url": { "url": "https://example.com/last-frame.png" },
      "role": "last_frame"
    }
  ],
  "resolution": "720p",
  "ratio": "16:9",
  "duration": 5
}"""

PYTHON_SDK = (
    '{"model":"doubao-seedance-2","content":[{"type":"text","text":"一只猫"},{"type":"image_url","image_url":{"url":'
    '"https://example.com/a.png"},"role":"first_frame"}],"safety_identifier":null,"callback_url":null,'
    '"return_last_frame":null,"service_tier":null,"execution_expires_after":null,"priority":null,'
    '"generate_audio":null,"draft":null,"camera_fixed":null,"watermark":null,"seed":null,"resolution":"720p",'
    '"ratio":"16:9","duration":5,"frames":null,"tools":[{"type":"web_search"}],"output_format":null,'
    '"omni_reference_task_type":null}'
)
"""What the official Python SDK sends when a caller sets little; not of the spec."""

TASKS = {
    "web search": WEB_SEARCH,
    "text to video": TEXT_TO_VIDEO,
    "reference to video": REFERENCE_TO_VIDEO,
    "first and last frame": FIRST_AND_LAST_FRAME,
}

CREATE_ASSET_GROUP = """{
    "Name": "MyAssetGroup",
    "Description": "My video assets",
    "GroupType": "AIGC"
  }"""

LIST_ASSET_GROUPS = """{
    "Filter": { "GroupType": "AIGC" },
    "PageNumber": 1,
    "PageSize": 10,
    "SortBy": "CreateTime",
    "SortOrder": "Desc"
  }"""

BY_ID = """{
    "Id": "{id}"
  }"""
"""GetAssetGroup, GetAsset and DeleteAsset."""

UPDATE_ASSET_GROUP = """{
    "Id": "{id}",
    "Name": "MyAssetGroup2",
    "Description": "Updated description"
  }"""

CREATE_ASSET = """{
    "GroupId": "{id}",
    "URL": "https://example.com/reference.png",
    "Name": "reference-image",
    "AssetType": "Image"
  }"""

LIST_ASSETS = """{
    "Filter": {
      "GroupType": "AIGC",
      "GroupIds": ["{id}"],
      "Statuses": ["Active", "Processing"]
    },
    "PageNumber": 1,
    "PageSize": 10
  }"""

UPDATE_ASSET = """{
    "Id": "{id}",
    "Name": "reference-image-v2"
  }"""

USE_OF_AN_ASSET = """{
  "type": "image_url",
  "image_url": {
    "url": "asset://{id}"
  },
  "role": "reference_image"
}"""

CREATE_VISUAL_VALIDATE_SESSION = """{
    "CallbackURL": "https://www.example.com/callback"
  }"""

GET_VISUAL_VALIDATE_RESULT = """{
    "BytedToken": "{id}"
  }"""
