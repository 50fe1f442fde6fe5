// Package runpod speaks with RunPod: an Endpoint is a serverless endpoint with
// worker-comfyui as a comfy.Backend, and an Account is what a key can see and do
// there: pods and endpoints, with their prices.
//
// Two hosts look alike and are never made from one another: jobs go to
// https://api.runpod.ai/v2/{endpoint}/..., the account is at
// https://api.runpod.io/v2/....
//
// What a status means, per question:
//
//	           /run                  /status             /cancel             /health
//	400        refused               refused             refused             refused
//	401, 403   *comfy.AuthError, which names RUNPOD_API_KEY
//	404        *UnknownEndpointError the run is lost     it is not there     *UnknownEndpointError
//	408        possibly submitted    asked again         asked again         asked again
//	413        *PayloadError         -                   -                   -
//	429        sent again, with the pause it asks for (/run: for two minutes in all)
//	5xx        possibly submitted    asked again         asked again         asked again
//
// A page of HTML counts as the status it came with. With 200 it is nobody's word on
// a run, and when /health answers with a page too, /run never came to RunPod.
//
// Sources: RunPod's documentation (docs.runpod.io) and its OpenAPI files,
// worker-comfyui 5.8.5 (handler.py), runpod-python 1.12.0.
package runpod
