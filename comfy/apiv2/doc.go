// Package apiv2 is the Comfy API v2 as a comfy.Backend: Comfy Cloud, serverless
// deployments of it, and comfy-api-proxy in front of a ComfyUI.
//
// What a status means:
//
//	             POST /jobs                 GET /jobs/{id}     POST /jobs/{id}/cancel
//	400          *RefusedError              *RefusedError      *RefusedError
//	401, 403     *comfy.AuthError, as everywhere
//	402          *NoCreditError             -                  -
//	404          *comfy.UnreachableError    the run is lost    it is not there
//	422          *comfy.ValidationError     -                  -
//	429          asked again after the pause it asks for (POST /jobs: for two minutes in all)
//	5xx          sent again once with the same Idempotency-Key, which cannot run it twice
//
// A page of HTML with 200 is sent again as a 5xx is; a second one is
// *comfy.UnreachableError: the service never had the run.
//
// A job that is called expired is looked at again for two seconds before that is
// believed: comfy-api-proxy 0.1.6 says so of one that moves from the queue to the
// history at that moment.
//
// Source: the public specification of Comfy API v2 (version 2.0.0) and
// comfy-api-proxy 0.1.6.
package apiv2
