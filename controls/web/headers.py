"""Security headers on every answer (a strict content policy without inline script or style)."""

from flask import Flask, Response, abort, g, request

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Refuse unknown hosts; set the headers."""

    @app.before_request
    def host() -> None:
        allowed = app.config["KONTROLRUL"].hosts
        name = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        if name not in allowed:
            abort(400)

    @app.after_request
    def set_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"  # for browsers and scanners that do not know frame-ancestors
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        if request.endpoint == "static":
            if request.args.get("v"):
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
        elif "by" in g or response.mimetype == "text/html":
            headers["Cache-Control"] = "no-store"
        if app.config["KONTROLRUL"].https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
