"""What stands behind the signed URLs: one small clip, its last frame and a tone, whoever asks for whatever."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from app.sandbox.operations import MEDIA_PREFIX
from app.sandbox.state import SandboxState

_FOLDER = Path(__file__).parent / "media"
_FILES = {".mp4": "clip.mp4", ".png": "last_frame.png", ".mp3": "tone.mp3"}


def media_routes(state: SandboxState) -> list[Route]:
    """Returns the route below ``/media/``: 200 or 206 to a GET while the signature holds, 403 to anything else."""

    async def download(request: Request) -> Response:
        file = _FILES.get(Path(request.scope["path"]).suffix)
        is_valid = state.world.signed_urls.is_valid(request.scope["path"], request.query_params)
        if request.method != "GET" or file is None or not is_valid:
            refusal = {"Code": "AccessDenied", "Message": "The signature is invalid or has expired."}
            return JSONResponse(refusal, 403)
        return FileResponse(_FOLDER / file)

    return [Route(MEDIA_PREFIX + "{path:path}", download, methods=["GET", "HEAD"])]
