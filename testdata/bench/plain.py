#!/usr/bin/env python3
"""The plain way to run one graph, as people write it: submit, wait on the socket, fetch the file.

plain.py http://HOST:PORT GRAPH.json OUT.png    needs: requests, websocket-client
"""
import json
import sys
import uuid

import requests
import websocket

server, graph, out = sys.argv[1:4]
client = str(uuid.uuid4())
ws = websocket.create_connection(server.replace("http", "ws", 1) + "/ws?clientId=" + client)
with open(graph, encoding="utf-8") as f:
    prompt = json.load(f)
prompt_id = requests.post(server + "/prompt", json={"prompt": prompt, "client_id": client}).json()["prompt_id"]
while True:
    message = ws.recv()
    if isinstance(message, str):
        event = json.loads(message)
        if event["type"] == "executing" and event["data"].get("node") is None and event["data"].get("prompt_id") == prompt_id:
            break
history = requests.get(server + "/history/" + prompt_id).json()[prompt_id]
for node in history["outputs"].values():
    for image in node.get("images", []):
        with open(out, "wb") as f:
            f.write(requests.get(server + "/view", params=image).content)
ws.close()
