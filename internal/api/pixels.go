package api

import (
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// PixelRequest is the event that the image of one e-mail stands for.
type PixelRequest struct {
	Source      string         `json:"source"`
	Event       string         `json:"event"`
	UserID      string         `json:"user_id,omitempty"`
	AnonymousID string         `json:"anonymous_id,omitempty"`
	Email       string         `json:"email,omitempty"`
	Properties  jsontext.Value `json:"properties,omitempty"`
}

// pixel is where the image lies.
type pixel struct {
	Path string `json:"path"`
}

// makePixel seals what it is sent; nothing is read or kept, so nothing is audited.
func (c *call) makePixel() error {
	if c.s.deps.Pixels == nil {
		return notConfigured("pixels")
	}
	var body PixelRequest
	if err := c.decode(&body, false); err != nil {
		return err
	}
	path, err := c.s.deps.Pixels.Seal(c.r.Context(), &body)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, pixel{Path: path})
}
