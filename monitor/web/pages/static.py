"""Static files of the desk, from a fixed list. The address of a file changes with its content."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor.web.templating import load_static_files

router = APIRouter()
IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/static/{digest}/{name}")
async def static_file(digest: str, name: str) -> Response:
    """Return a static file."""
    found = load_static_files().get(f"{digest}/{name}")
    if found is None:
        raise HTTPException(404)
    media_type, body = found
    return Response(body, media_type=media_type, headers=IMMUTABLE)


@router.get("/robots.txt")
async def robots() -> Response:
    """Return a robots.txt that asks search engines not to index the desk (the web interface)."""
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")
