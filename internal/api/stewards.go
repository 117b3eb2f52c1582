package api

import (
	"errors"
	"net/http"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

const (
	maxRefs     = 1000
	defaultPage = 50
	maxPage     = 500
)

// page is a list with the cursor of its next page.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// check reports a Ref that names nothing, or two things.
func (r *Ref) check(where string) error {
	set := 0
	if r.Profile != "" {
		set++
		if _, err := record.ParseProfileID(r.Profile); err != nil {
			return err
		}
	}
	if r.Identifier != nil {
		set++
		if r.Identifier.Type == "" || r.Identifier.Value == "" {
			return errs.New(CodeBadBody, "an identifier needs a type and a value").At(where)
		}
	}
	if r.Customer != nil {
		set++
		if r.Customer.Source == "" || r.Customer.Stream == "" || r.Customer.Key == "" {
			return errs.New(CodeBadBody, "a customer needs a source, a stream and a key").At(where)
		}
	}
	if set != 1 {
		return errs.New(CodeBadBody, "a reference is one of profile, identifier and customer").At(where)
	}
	return nil
}

func checkRefs(where string, refs []Ref) error {
	if len(refs) == 0 || len(refs) > maxRefs {
		return errs.New(CodeBadBody, "a decision names 1 to 1000 nodes or profiles on each side").At(where)
	}
	for i := range refs {
		if err := refs[i].check(where); err != nil {
			return err
		}
	}
	return nil
}

// hash names a reference in the audit chain.
func (c *call) hash(r *Ref) string {
	switch {
	case r.Profile != "":
		return r.Profile
	case r.Identifier != nil:
		return c.s.deps.Audit.Hash("identifier", r.Identifier.Type, r.Identifier.Value)
	}
	return c.s.deps.Audit.Hash("customer", r.Customer.Source, r.Customer.Stream, r.Customer.Key)
}

func (c *call) stewards() (Stewards, error) {
	if c.s.deps.Stewards == nil {
		return nil, notConfigured("identity resolution")
	}
	return c.s.deps.Stewards, nil
}

func (c *call) decide() error {
	backend, err := c.stewards()
	if err != nil {
		return err
	}
	var d Decision
	if err := c.decode(&d, false); err != nil {
		return err
	}
	switch d.Action {
	case "merge", "unmerge", "withdraw":
	default:
		return errs.New(CodeBadBody, "the action is merge, unmerge or withdraw").At("/action")
	}
	if err := checkRefs("/a", d.A); err != nil {
		return err
	}
	if err := checkRefs("/b", d.B); err != nil {
		return err
	}
	if len(d.Reason) > 1000 {
		return errs.New(CodeBadBody, "a reason has at most 1000 bytes").At("/reason")
	}
	d.By = c.who.ID
	if err := c.audit(d.Action+" "+c.hash(&d.A[0])+" "+c.hash(&d.B[0]), "requested", true); err != nil {
		return err
	}
	made, err := backend.Decide(c.r.Context(), &d)
	if err != nil {
		return err
	}
	c.w.Header().Set(HeaderToken, made.Token)
	return c.json(http.StatusAccepted, made)
}

func (c *call) listReview() error {
	backend, err := c.stewards()
	if err != nil {
		return err
	}
	limit, err := c.number("limit", 1, maxPage, defaultPage)
	if err != nil {
		return err
	}
	items, next, err := backend.Review(c.r.Context(), c.query.Get("cursor"), int(limit))
	if auditErr := c.audit("", outcome(err), false); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.json(http.StatusOK, page[ReviewItem]{Items: items, Next: next})
}

func (c *call) explain() error {
	backend, err := c.stewards()
	if err != nil {
		return err
	}
	var body struct {
		A Ref `json:"a"`
		B Ref `json:"b"`
	}
	if err := c.decode(&body, false); err != nil {
		return err
	}
	if err := body.A.check("/a"); err != nil {
		return err
	}
	if err := body.B.check("/b"); err != nil {
		return err
	}
	why, err := backend.Explain(c.r.Context(), body.A, body.B)
	if auditErr := c.audit(c.hash(&body.A)+" "+c.hash(&body.B), outcome(err), false); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.json(http.StatusOK, why)
}
