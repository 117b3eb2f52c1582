package api

import (
	"errors"
	"net/http"

	"github.com/kithdata/kith/internal/kit/errs"
)

func (c *call) road() (Road, error) {
	if c.s.deps.Road == nil {
		return nil, notConfigured("road")
	}
	return c.s.deps.Road, nil
}

func (c *call) getLedger() error {
	backend, err := c.road()
	if err != nil {
		return err
	}
	ledger, err := backend.Ledger(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, ledger)
}

// trace is a POST: message ids are the sources' own, and may name a person.
func (c *call) trace() error {
	backend, err := c.road()
	if err != nil {
		return err
	}
	var body struct {
		Source    string `json:"source"`
		MessageID string `json:"message_id"`
		Values    string `json:"values"` // masked or raw: what it said as well
	}
	if err := c.decode(&body, false); err != nil {
		return err
	}
	if body.Source == "" || body.MessageID == "" {
		return errs.New(CodeBadBody, "a trace needs a source and a message_id")
	}
	what, raw := c.s.deps.Audit.Hash(body.Source, body.MessageID), body.Values == "raw"
	switch {
	case body.Values != "" && body.Values != "masked" && !raw:
		return errs.New(CodeBadBody, "values are masked or raw").At("/values")
	case raw && !c.who.Role.allows(RoleOperate):
		if err := c.audit("raw "+what, "denied", false); err != nil {
			return err
		}
		return errs.New(CodeForbidden, "the content as it was sent is for operators").Fix("ask for masked values, or use a key of role operate")
	case body.Values != "":
		what = body.Values + " " + what
	}
	trace, err := backend.Trace(c.r.Context(), body.Source, body.MessageID, body.Values != "")
	if auditErr := c.audit(what, outcome(err), raw); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	if trace.Values != nil && !raw {
		trace.Values.mask()
	}
	return c.json(http.StatusOK, trace)
}

func (c *call) getStatus() error {
	backend, err := c.road()
	if err != nil {
		return err
	}
	status, err := backend.Status(forwardedContext(c.r))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, status)
}

func (c *call) rebuild() error {
	backend, err := c.road()
	if err != nil {
		return err
	}
	if err := c.decode(&struct{}{}, true); err != nil {
		return err
	}
	if err := c.audit("", "requested", true); err != nil {
		return err
	}
	began, err := backend.Rebuild(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusAccepted, began)
}

func (c *call) plans() (Plans, error) {
	if c.s.deps.Plans == nil {
		return nil, notConfigured("configuration file")
	}
	return c.s.deps.Plans, nil
}

func (c *call) getPlan() error {
	backend, err := c.plans()
	if err != nil {
		return err
	}
	plan, err := backend.Plan(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, plan)
}

func (c *call) applyPlan() error {
	backend, err := c.plans()
	if err != nil {
		return err
	}
	var body struct {
		Fingerprint string `json:"fingerprint"`
	}
	if err := c.decode(&body, false); err != nil {
		return err
	}
	if body.Fingerprint == "" || len(body.Fingerprint) > 128 {
		return errs.New(CodeBadBody, "applying needs the fingerprint of the plan that was read").At("/fingerprint").Fix("GET /api/plan gives it")
	}
	if err := c.audit(c.s.deps.Audit.Hash(body.Fingerprint), "requested", true); err != nil {
		return err
	}
	applied, err := backend.Apply(c.r.Context(), body.Fingerprint, c.who.ID)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, applied)
}

const (
	maxSQL     = 64 << 10
	maxSQLRows = 100_000
)

// querySQL answers only after the audit entry is on disk (I7). The entry has the
// kind of statement and the keyed hash of the text, which may hold personal data.
func (c *call) querySQL() error {
	backend := c.s.deps.Warehouse
	if backend == nil {
		return notConfigured("warehouse")
	}
	if done, err := c.elsewhere("warehouse"); done || err != nil {
		return err
	}
	var body struct {
		Query   string `json:"query"`
		MaxRows int    `json:"max_rows,omitempty"`
	}
	if err := c.decode(&body, false); err != nil {
		return err
	}
	if body.Query == "" || len(body.Query) > maxSQL {
		return errs.New(CodeBadBody, "a query has 1 to 65536 bytes").At("/query")
	}
	if body.MaxRows < 0 || body.MaxRows > maxSQLRows {
		return errs.New(CodeBadBody, "max_rows is at most 100000").At("/max_rows")
	}
	result, err := backend.Query(c.r.Context(), body.Query, body.MaxRows)
	if auditErr := c.audit(c.s.deps.Audit.Query(body.Query), outcome(err), true); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) { return result.AppendJSON(b), nil })
}
