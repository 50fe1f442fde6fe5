"""A handler for the runpod SDK that takes and gives what worker-comfyui 5.x does
(input.workflow, input.images; output.images, output.errors, error and details)
and runs it on the ComfyUI at COMFY_URL. It waits by asking the history.

Run: COMFY_URL=http://127.0.0.1:8188 python handler.py --rp_serve_api
"""

import base64
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import runpod

COMFY = os.environ.get("COMFY_URL", "http://127.0.0.1:8188")


def ask(path, data=None, headers=None):
    request = urllib.request.Request(COMFY + path, data=data, headers=headers or {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def validate(job_input):
    """The request, or the worker's words about what is wrong with it."""
    if job_input is None:
        return None, "Please provide input"
    if isinstance(job_input, str):
        try:
            job_input = json.loads(job_input)
        except json.JSONDecodeError:
            return None, "Invalid JSON format in input"
    if job_input.get("workflow") is None:
        return None, "Missing 'workflow' parameter"
    images = job_input.get("images")
    if images is not None and (
        not isinstance(images, list) or not all("name" in i and "image" in i for i in images)
    ):
        return None, "'images' must be a list of objects with 'name' and 'image' keys"
    return job_input, None


def upload(name, content):
    boundary = uuid.uuid4().hex
    if "," in content:
        content = content.split(",", 1)[1]
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + base64.b64decode(content) + (
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n--{boundary}--\r\n'
    ).encode()
    ask("/upload/image", body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def refused(text):
    """What the worker says of ComfyUI's 400: a line per node and key, values as Python writes them."""
    answer = json.loads(text)
    error = answer.get("error")
    message = "Workflow validation failed"
    if isinstance(error, dict):
        message = error.get("message", message)
        if error.get("type") == "prompt_outputs_failed_validation":
            message = "Workflow validation failed"
    details = []
    for node, why in answer.get("node_errors", {}).items():
        if isinstance(why, dict):
            details += [f"Node {node} ({key}): {value}" for key, value in why.items()]
        else:
            details.append(f"Node {node}: {why}")
    if not details:
        return f"{message}. Raw response: {text}"
    return f"{message}:\n" + "\n".join(f"\u2022 {d}" for d in details)


def queue(workflow):
    body = json.dumps({"prompt": workflow, "client_id": str(uuid.uuid4())}).encode()
    try:
        return json.loads(ask("/prompt", body, {"Content-Type": "application/json"}))["prompt_id"]
    except urllib.error.HTTPError as e:
        text = e.read().decode()
        if e.code == 400:
            raise ValueError(refused(text)) from e
        raise ValueError(f"Error queuing workflow: {e}") from e


def finished(prompt):
    while True:
        history = json.loads(ask(f"/history/{prompt}"))
        if prompt in history:
            return history[prompt]
        time.sleep(0.02)


def handler(job):
    request, wrong = validate(job.get("input"))
    if wrong:
        return {"error": wrong}
    try:
        for image in request.get("images") or []:
            upload(image["name"], image["image"])
    except Exception as e:  # as the worker does: one failure fails the job
        return {"error": "Failed to upload one or more input images", "details": [str(e)]}
    try:
        prompt = queue(request["workflow"])
        entry = finished(prompt)
    except Exception as e:
        return {"error": str(e)}
    errors = []
    for kind, data in entry.get("status", {}).get("messages", []):
        if kind == "execution_error":
            errors.append(
                f"Workflow execution error: Node Type: {data.get('node_type')}, "
                f"Node ID: {data.get('node_id')}, Message: {data.get('exception_message')}"
            )
    outputs = entry.get("outputs", {})
    images = []
    for node in outputs.values():
        for image in node.get("images", []):
            if image.get("type") == "temp":
                continue
            try:
                content = ask("/view?" + urllib.parse.urlencode(image))
            except Exception:
                errors.append(f"Failed to fetch image data for {image.get('filename')} from /view endpoint.")
                continue
            images.append({
                "filename": image["filename"], "type": "base64", "data": base64.b64encode(content).decode(),
            })
    if not images and errors:
        return {"error": "Job processing failed", "details": errors}
    if not images and not outputs:
        return {"error": "Job processing failed", "details": [f"No outputs found in history for prompt {prompt}"]}
    if not images:
        return {"status": "success_no_images", "images": []}
    result = {"images": images}
    if errors:
        result["errors"] = errors
    return result


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
