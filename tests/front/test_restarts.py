"""Restarts under load: whoever asks meanwhile waits a moment and meets no fault."""

import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from fronts import nginx_before, serve_at, web_socket
from servers import Deployment, waited

CALLERS = 4


def test_neither_a_reload_of_nginx_nor_a_restart_of_the_server_fails_a_request(
    place: Deployment,
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(web_socket(place)))
    listener.listen(1024)
    server = serve_at(place, listener)
    answers: Counter[object] = Counter()
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            try:
                answers[requests.get(f"{front.url}/health/live", timeout=60).status_code] += 1
            except requests.RequestException as fault:
                answers[repr(fault)] += 1

    def has_gone_on() -> bool:
        before = answers.total()
        return waited(lambda: answers.total() > before + CALLERS)

    with nginx_before(place) as front, ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(CALLERS):
            pool.submit(call)
        try:
            for _ in range(2):
                assert has_gone_on()
                front.reload()
                assert has_gone_on()
                server.terminate()
                assert server.wait(30) == 0
                server = serve_at(place, listener)
            assert has_gone_on()
        finally:
            over.set()

    listener.close()
    assert set(answers) == {200}
