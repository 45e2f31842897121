"""A create handler as a naive one is written: it asks for the fleet and its location each time, makes a game session,
looks at it every 10 ms until it has left ACTIVATING, and reserves the player's seat. A thread answers each connection.
"""

import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from botocore.config import Config

GAMELIFT = boto3.client("gamelift", config=Config(max_pool_connections=128))


def create(order):
    fleet = GAMELIFT.list_fleets(Limit=1)["FleetIds"][0]
    location = GAMELIFT.list_compute(FleetId=fleet)["ComputeList"][0]["Location"]
    session = GAMELIFT.create_game_session(
        FleetId=fleet,
        Location=location,
        MaximumPlayerSessionCount=order["num_connections"],
        Name=order["session_name"],
    )["GameSession"]
    while session["Status"] == "ACTIVATING":
        time.sleep(0.01)
        found = GAMELIFT.describe_game_sessions(GameSessionId=session["GameSessionId"])
        session = found["GameSessions"][0]
    seats = GAMELIFT.create_player_sessions(GameSessionId=session["GameSessionId"], PlayerIds=[order["uuid"]])
    return seats["PlayerSessions"][0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, answer = 200, create(order)
        except Exception as error:  # as the handler of a function would
            status, answer = 500, str(error)
        body = json.dumps(answer, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


server = Server(("127.0.0.1", 0), Handler)
server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
