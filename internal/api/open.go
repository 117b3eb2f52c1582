package api

import (
	_ "embed" // for the document
	"net/http"

	"github.com/go-json-experiment/json"
	"go.yaml.in/yaml/v4"

	"github.com/kithdata/kith/internal/kit/errs"
)

//go:embed openapi.yaml
var document []byte

// spec is the OpenAPI document in both forms.
type spec struct{ yaml, json []byte }

func readSpec() (spec, error) {
	var tree any
	if err := yaml.Unmarshal(document, &tree); err != nil {
		return spec{}, errs.Wrap("api_spec", "reading the OpenAPI document", err)
	}
	text, err := json.Marshal(tree, json.Deterministic(true))
	if err != nil {
		return spec{}, errs.Wrap("api_spec", "rendering the OpenAPI document", err)
	}
	return spec{yaml: document, json: text}, nil
}

func (c *call) openAPIJSON() error { return c.static("application/json", c.s.spec.json) }

func (c *call) openAPIYAML() error { return c.static("text/plain; charset=utf-8", c.s.spec.yaml) }

func (c *call) static(contentType string, body []byte) error {
	c.w.Header().Set("Content-Type", contentType)
	_, _ = c.w.Write(body) // a caller that left is told nothing
	return nil
}

// health answers while the process lives; readiness while it should get traffic.
type health struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons,omitempty"`
}

func (c *call) health() error { return c.json(http.StatusOK, health{Status: "ok"}) }

func (c *call) readiness() error {
	if c.s.deps.Ready != nil {
		if ready, reasons := c.s.deps.Ready(c.r.Context()); !ready {
			return c.json(http.StatusServiceUnavailable, health{Status: "not ready", Reasons: reasons})
		}
	}
	return c.json(http.StatusOK, health{Status: "ready"})
}

func (c *call) metrics() error {
	c.s.metrics.handler.ServeHTTP(c.w, c.r)
	return nil
}
