package config

// RunPod says how RunPod is reached, and with what.
type RunPod struct {
	Key    Secret // RUNPOD_API_KEY, else what auth set keeps
	KeyErr error  // why what is kept cannot be read
	// JobsURL and AccountURL are where jobs go and where the account is; "" =
	// RunPod's own. Who sets them means the key to go there.
	JobsURL, AccountURL string // RUNPOD_ENDPOINT_BASE_URL, RUNPOD_REST_BASE_URL
	// PodURL is the form of the address of a pod's port, with {pod} and {port};
	// "" = RunPod's proxy. No key goes there.
	PodURL string // RUNPOD_POD_URL
}

// ComfyKey is Comfy Cloud's key, for it alone: COMFY_API_KEY, else what auth set
// keeps.
func (c *Config) ComfyKey() (Secret, error) { return c.serviceKey("COMFY_API_KEY", SecretComfy) }

// ServerKeyVariable holds the key of an easel serve that is named by its address.
const ServerKeyVariable = "EASEL_SERVER_KEY"

func (c *Config) serviceKey(variable, name string) (Secret, error) {
	if c.getenv == nil { // settings that were made and not loaded
		return Secret{}, nil
	}
	if text := c.getenv(variable); text != "" {
		return NewSecret(text), nil
	}
	return c.keptSecret(name, "")
}

// RunPod reads them from the environment and from what auth set keeps: no file of a
// project can send the key elsewhere.
func (c *Config) RunPod() RunPod {
	if c.getenv == nil { // settings that were made and not loaded
		return RunPod{}
	}
	key, err := c.serviceKey("RUNPOD_API_KEY", SecretRunPod)
	return RunPod{
		Key: key, KeyErr: err,
		JobsURL: c.getenv("RUNPOD_ENDPOINT_BASE_URL"), AccountURL: c.getenv("RUNPOD_REST_BASE_URL"),
		PodURL: c.getenv("RUNPOD_POD_URL"),
	}
}
