package catalogue

import (
	"errors"
	"fmt"
	"net/url"
)

// Config says where models lie and which are used where a request names none.
type Config struct {
	// Dir holds the model files; empty is "models" in the data folder. Every *.gguf file in it is a model.
	Dir string `mapstructure:"dir"`
	// Chat and Embed are the ids of the default models; empty takes the catalogue's default if it is
	// installed, else the first installed of the kind.
	Chat  string `mapstructure:"chat"`
	Embed string `mapstructure:"embed"`
	// HubURL is the model hub or a mirror of it; HubToken opens models that ask for an accepted licence.
	HubURL   string `mapstructure:"hub_url"`
	HubToken Token  `mapstructure:"hub_token"`
}

// EngineConfig says where the engine libraries lie.
type EngineConfig struct {
	// Dir is a folder with the libraries, or one in which they are installed by version; empty is
	// "engine" in the data folder.
	Dir string `mapstructure:"dir"`
	// Platform chooses a build of the engine table, such as "linux-amd64-cuda"; empty detects it.
	Platform string `mapstructure:"platform"`
}

const publicHub = "https://huggingface.co"

// DefaultConfig is the data folder and the public hub.
func DefaultConfig() Config { return Config{HubURL: publicHub} }

// DefaultEngineConfig is the data folder and the detected platform.
func DefaultEngineConfig() EngineConfig { return EngineConfig{} }

// WithEnvironment fills what is not set from the variables that the hub's own client reads, HF_ENDPOINT
// and HF_TOKEN, so that a machine that is set up for one works with the other.
func (c Config) WithEnvironment(getenv func(string) string) Config {
	if v := getenv("HF_ENDPOINT"); v != "" && (c.HubURL == "" || c.HubURL == publicHub) {
		c.HubURL = v
	}
	if v := getenv("HF_TOKEN"); v != "" && c.HubToken == "" {
		c.HubToken = Token(v)
	}
	return c
}

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	if u, err := url.Parse(c.HubURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		errs = append(errs, fmt.Errorf("hub_url: %q is no http(s) address without user name", c.HubURL))
	} else if u.Scheme == "http" && c.HubToken != "" && !loopback(u.Hostname()) {
		errs = append(errs, errors.New("hub_url: must be https where a hub_token is set, which would be sent in the clear"))
	}
	for _, d := range []struct{ key, id string }{{"chat", c.Chat}, {"embed", c.Embed}} {
		if d.id != "" && !validID(d.id) {
			errs = append(errs, fmt.Errorf("%s: %q is no model id", d.key, d.id))
		}
	}
	return errors.Join(errs...)
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Token is a secret of the hub. It shows itself nowhere.
type Token string

const redacted = "[redacted]"

// String implements fmt.Stringer.
func (Token) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Token) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }
