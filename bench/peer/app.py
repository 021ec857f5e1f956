"""A window with pywebview and a server with Robyn in one program: the nearest thing to Erth.

It shows the page files of Erth; `LOADED_URL` is told at the load event. One fragment is served.
"""

import multiprocessing
import os
import pathlib
import socket
import sys
import time

FOLDER = pathlib.Path(getattr(sys, "_MEIPASS", pathlib.Path(__file__).parent)) / "page"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
TELL = "addEventListener('load', () => fetch('%s', { mode: 'no-cors', cache: 'no-store' }))"


def serve(port: int) -> None:
    from robyn import Headers, Response, Robyn

    app = Robyn(__file__)

    def answer(body: str, kind: str) -> Response:
        headers = Headers({"content-type": f"{kind}; charset=utf-8"})
        return Response(status_code=200, headers=headers, description=body)

    @app.get("/")
    def frame(request):
        tell = "<script src='tell.js'></script></head>"
        page = (FOLDER / "index.html").read_text().replace("</head>", tell, 1)
        return answer(page, TYPES[".html"])

    @app.get("/tell.js")
    def tell(request):
        return answer(TELL % os.environ["LOADED_URL"], TYPES[".js"])

    @app.get("/assets/:name")
    def asset(request):
        path = FOLDER / "assets" / pathlib.Path(request.path_params["name"]).name
        return answer(path.read_text(), TYPES[path.suffix])

    @app.get("/notes")
    def notes(request):
        return answer("<main id='main'><p>Hello from a fragment</p></main>", TYPES[".html"])

    app.start(host="127.0.0.1", port=port)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(2000):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.005)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    port = free_port()
    server = multiprocessing.Process(target=serve, args=(port,), daemon=True)
    server.start()
    import webview  # while the server starts

    wait_for(port)
    webview.create_window("peer", f"http://127.0.0.1:{port}/", width=1100, height=760)
    webview.start(gui="gtk")
    server.terminate()
