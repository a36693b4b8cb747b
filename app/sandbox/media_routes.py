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
    """Returns the route below ``/media/``: 200 or 206 to a GET while the signed URL holds, 403 to anything else."""

    async def download(request: Request) -> Response:
        file = _FILES.get(Path(request.scope["path"]).suffix)
        urls = state.world.signed_urls
        if request.method == "GET" and file and urls.take(request.scope["path"], request.query_params):
            return FileResponse(_FOLDER / file)
        refusal = {"Code": "AccessDenied", "Message": "The signature is invalid, has expired or is used up."}
        return JSONResponse(refusal, 403)

    return [Route(MEDIA_PREFIX + "{path:path}", download, methods=["GET", "HEAD"])]
