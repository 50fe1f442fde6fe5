"""What a script writes against the generated client: mypy knows its types, and it imports."""

from easel_client import Client
from easel_client.api.generate import generate
from easel_client.api.jobs import get_job
from easel_client.models import GenerateRequest

client = Client(base_url="http://127.0.0.1:7860")
body = GenerateRequest(workflow_id="flux_single", prompt="a fox", count=2)
assert body.to_dict() == {"workflow_id": "flux_single", "prompt": "a fox", "count": 2}
assert callable(generate.sync) and callable(get_job.sync)
