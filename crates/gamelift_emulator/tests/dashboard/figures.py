"""Time from exec to the first answer, and memory at rest: the emulator beside a bare Python and a bare Node HTTP server."""

import socket
import statistics
import subprocess
import sys
import time

emulator, rounds = sys.argv[1], int(sys.argv[2])

PYTHON = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header('content-length', '2'); self.end_headers(); self.wfile.write(b'ok')
    def log_message(self, *_): pass
HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
"""
NODE = "require('http').createServer((_, r) => r.end('ok')).listen(+process.argv[1], '127.0.0.1')"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(f"GET /_emulator/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            return stream.recv(12).endswith(b"200")
    except ConnectionError:
        return False


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def measure(name, command):
    times, memory = [], []
    for turn in range(rounds):
        port = free_port()
        begin = time.perf_counter()
        child = subprocess.Popen([part.format(port=port) if part == "{port}" else part for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not answers(port):
            if child.poll() is not None or time.perf_counter() - begin > 30:
                sys.exit(f"{name} did not start")
        times.append((time.perf_counter() - begin) * 1000)
        if turn < 3:
            time.sleep(1)
            memory.append(resident(child.pid))
        child.kill()
        child.wait()
    times.sort()
    print(f"{name:<24} ready after {statistics.median(times):7.1f} ms (median of {rounds}, best {times[0]:.1f}, worst {times[-1]:.1f}), {statistics.median(memory):6.1f} MiB resident at rest")


measure("gamelift-emulator", [emulator, "--quiet", "--port", "{port}"])
measure("bare Python HTTP server", [sys.executable, "-c", PYTHON, "{port}"])
measure("bare Node HTTP server", ["node", "-e", NODE, "{port}"])
