package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/kithdata/kith/internal/kit/errs"
)

func (c *call) destinations() (Destinations, error) {
	if c.s.deps.Destinations == nil {
		return nil, notConfigured("destinations")
	}
	return c.s.deps.Destinations, nil
}

func (c *call) listDestinations() error {
	backend, err := c.destinations()
	if err != nil {
		return err
	}
	list, err := backend.List(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page[Destination]{Items: list})
}

// destinationSecret answers only after the audit entry is on disk: who knows the
// secret can speak to the receiver in Kith's name.
func (c *call) destinationSecret() error {
	backend, err := c.destinations()
	if err != nil {
		return err
	}
	name := c.r.PathValue("name")
	secret, err := backend.Secret(c.r.Context(), name)
	if auditErr := c.audit(c.s.deps.Audit.Hash(name), outcome(err), true); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.json(http.StatusOK, destinationSecret{Secret: secret})
}

type destinationSecret struct {
	Secret string `json:"secret"`
}

func (c *call) listDeadLetters() error {
	backend, err := c.destinations()
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 1, maxPage, defaultPage)
	if err != nil {
		return err
	}
	list, next, err := backend.DeadLetters(c.r.Context(), c.r.PathValue("name"), c.query.Get("cursor"), int(limit))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page[DeadLetter]{Items: list, Next: next})
}

func (c *call) redeliver() error {
	backend, err := c.destinations()
	if err != nil {
		return err
	}
	if done, err := c.elsewhere("destination/" + c.r.PathValue("name")); done || err != nil {
		return err
	}
	var body struct {
		IDs []string `json:"ids,omitempty"`
		All bool     `json:"all,omitempty"`
	}
	if err := c.decode(&body, false); err != nil {
		return err
	}
	if body.All == (len(body.IDs) > 0) || len(body.IDs) > 10_000 {
		return errs.New(CodeBadBody, "a redelivery names ids (at most 10000), or all").Fix(`send for example {"all":true}`)
	}
	if err := c.audit(fmt.Sprintf("%s ids=%d", c.s.deps.Audit.Hash(c.r.PathValue("name")), len(body.IDs)), "requested", true); err != nil {
		return err
	}
	done, err := backend.Redeliver(c.r.Context(), c.r.PathValue("name"), body.IDs)
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, done)
}
