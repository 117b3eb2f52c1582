package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func (c *call) quarantine() (Quarantine, error) {
	if c.s.deps.Quarantine == nil {
		return nil, notConfigured("quarantine")
	}
	return c.s.deps.Quarantine, nil
}

func (c *call) listReasons() error {
	backend, err := c.quarantine()
	if err != nil {
		return err
	}
	samples, err := c.number("samples", 0, maxSamples, 0)
	if err != nil {
		return err
	}
	reasons, err := backend.Reasons(c.r.Context(), Chosen{Code: c.query.Get("code"), Source: c.query.Get("source"), Stream: c.query.Get("stream")}, int(samples))
	if samples > 0 { // counts alone show nobody's data
		err = errors.Join(c.audit("masked samples", outcome(err), false), err)
	}
	if err != nil {
		return err
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) {
		b = append(b, `{"items":[`...)
		for i := range reasons {
			if i > 0 {
				b = append(b, ',')
			}
			one, err := json.Marshal(&reasons[i])
			if err != nil {
				return b, err
			}
			b = append(b, one...)
			if samples > 0 {
				b = append(b[:len(b)-1], `,"samples":[`...)
				for j := range reasons[i].Samples {
					if j > 0 {
						b = append(b, ',')
					}
					b = appendQuarantined(b, &reasons[i].Samples[j], false)
				}
				b = append(b, "]}"...)
			}
		}
		return append(b, "]}"...), nil
	})
}

// maxSamples is the most records of each reason that are shown beside its count.
const maxSamples = 20

// listQuarantine shows what was set aside, with its content masked. As it was sent,
// it is shown to operators alone, after an audit entry that is on disk.
func (c *call) listQuarantine() error {
	backend, err := c.quarantine()
	if err != nil {
		return err
	}
	raw, err := c.flag("raw")
	if err != nil {
		return err
	}
	if raw && !c.who.Role.allows(RoleOperate) {
		if err := c.audit("raw", "denied", false); err != nil {
			return err
		}
		return errs.New(CodeForbidden, "the content as it was sent is for operators").Fix("leave raw out, or use a key of role operate")
	}
	limit, err := c.number("limit", 1, maxPage, defaultPage)
	if err != nil {
		return err
	}
	f := QuarantineFilter{Code: c.query.Get("code"), Source: c.query.Get("source"), Stream: c.query.Get("stream"), Limit: int(limit)}
	if f.After, err = parsePlace(c.query.Get("cursor")); err != nil {
		return err
	}
	list, more, err := backend.List(c.r.Context(), f)
	what := "masked"
	if raw {
		what = "raw"
	}
	if len(list) > 0 {
		what += " " + placeText(list[0].Place) + " to " + placeText(list[len(list)-1].Place)
	}
	if auditErr := c.audit(what, outcome(err), raw); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	return c.s.write(c.w, http.StatusOK, func(b []byte) ([]byte, error) {
		b = append(b, `{"items":[`...)
		for i := range list {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuarantined(b, &list[i], raw)
		}
		b = append(b, ']')
		if more && len(list) > 0 {
			b = appendMember(b, "next", placeText(list[len(list)-1].Place))
		}
		return append(b, '}'), nil
	})
}

func appendQuarantined(b []byte, q *Quarantined, raw bool) []byte {
	b = fmt.Appendf(b, `{"partition":%d,"offset":%d`, q.Partition, q.Offset)
	for _, m := range [...]struct{ name, value string }{
		{"source", q.Record.Source}, {"stream", q.Record.Stream}, {"message_id", q.Record.ID},
		{"received", record.TimeValue(q.Record.Received).Text()},
		{"code", q.Reason.Code}, {"field", q.Reason.Field}, {"detail", q.Reason.Detail},
	} {
		b = appendMember(b, m.name, m.value)
	}
	if raw {
		b = append(b, `,"masked":false`...)
		return append(appendMember(b, "content", string(q.Record.Props)), '}')
	}
	b = append(b, `,"masked":true`...)
	return append(appendMember(b, "content", masked(q)), '}')
}

// ownMembers are what a file source writes of where a row lies that it could not read,
// and of its form. They show nobody's data, and say where to look.
var ownMembers = regexp.MustCompile(`^\{("_(line|bytes|fields|columns|quote_line)":[0-9]+,)+`)

// masked is a record's content as it is shown to readers.
func masked(q *Quarantined) string {
	props := q.Record.Props
	own := ownMembers.Find(props[:min(len(props), 200)])
	if q.Record.Reject == "" || own == nil {
		return string(mask(props))
	}
	return string(own) + string(mask(append([]byte{'{'}, props[len(own):]...))[1:])
}

func placeText(p Place) string { return fmt.Sprintf("%d.%d", p.Partition, p.Offset) }

func parsePlace(text string) (*Place, error) {
	if text == "" {
		return nil, nil
	}
	partition, offset, _ := strings.Cut(text, ".")
	p, err := strconv.ParseInt(partition, 10, 32)
	o, err2 := strconv.ParseUint(offset, 10, 64)
	if err != nil || err2 != nil || p < 0 {
		return nil, errs.New(CodeBadParameter, "the cursor is none that Kith gave").At("cursor")
	}
	return &Place{Partition: int32(p), Offset: o}, nil
}

func (c *call) replay() error {
	backend, err := c.quarantine()
	if err != nil {
		return err
	}
	var body ReplayRequest
	if err := c.decode(&body, false); err != nil {
		return err
	}
	chosen := body.Any()
	if len(body.Places) > 0 == (chosen || body.All) || chosen && body.All || len(body.Places) > 10_000 {
		return errs.New(CodeBadBody, "a replay chooses places (at most 10000), or by code, source, stream and field, or all").
			Fix(`send for example {"code":"contract_type"} or {"all":true}`)
	}
	if err := c.audit(fmt.Sprintf("%s places=%d", c.chosen(&body.Chosen), len(body.Places)), "requested", true); err != nil {
		return err
	}
	done, err := backend.Replay(c.r.Context(), &body)
	if err != nil {
		return err
	}
	c.w.Header().Set(HeaderToken, done.Token)
	return c.json(http.StatusAccepted, done)
}

// expire gives up what was received before a time that the caller names: what is
// behind the log reads no clock.
func (c *call) expire() error {
	backend, err := c.quarantine()
	if err != nil {
		return err
	}
	var body ExpireRequest
	if err := c.decode(&body, false); err != nil {
		return err
	}
	if body.Before.IsZero() {
		return errs.New(CodeBadBody, "an expiry names the time before which records were received").Fix(`send for example {"before":"2026-01-31T00:00:00Z"}`)
	}
	if err := c.audit(fmt.Sprintf("%s before=%s", c.chosen(&body.Chosen), body.Before.UTC().Format("2006-01-02T15:04:05Z")), "requested", true); err != nil {
		return err
	}
	done, err := backend.Expire(c.r.Context(), &body)
	if err != nil {
		return err
	}
	if done.Token != "" {
		c.w.Header().Set(HeaderToken, done.Token)
	}
	return c.json(http.StatusAccepted, done)
}

// chosen names a choice for the audit chain. What the caller wrote is hashed: it may
// say anything.
func (c *call) chosen(by *Chosen) string {
	hash := c.s.deps.Audit.Hash
	text := fmt.Sprintf("code=%.60s stream=%.60s", hash(by.Code), hash(by.Stream))
	if by.Source != "" {
		text += fmt.Sprintf(" source=%.60s", hash(by.Source))
	}
	if by.Field != nil {
		text += fmt.Sprintf(" field=%.60s", hash(*by.Field))
	}
	return text
}

// The records of each group that a trial shows.
const (
	triedSamples    = 3
	maxTriedSamples = 100
)

// try shows what the project's file as it is, or rules that are sent, would make of the
// quarantine. Who may send rules may ask of any record whether its value is this or that,
// so that this is for those who may read content as it was sent.
func (c *call) try() error {
	backend, err := c.quarantine()
	if err != nil {
		return err
	}
	var body TryRequest
	if err := c.decodeWithin(maxRules, &body, false); err != nil {
		return err
	}
	body.Samples = cmp.Or(body.Samples, triedSamples)
	if body.Samples < 1 || body.Samples > maxTriedSamples {
		return errs.New(CodeBadBody, fmt.Sprintf("samples is a whole number from 1 to %d", maxTriedSamples)).At("samples")
	}
	what := c.chosen(&body.Chosen)
	if body.Rules != nil {
		what += " rules sent"
	}
	if body.Raw {
		what += " raw"
	}
	seen := body.Raw || body.Rules != nil
	if seen && !c.who.Role.allows(RoleOperate) {
		if err := c.audit(what, "denied", false); err != nil {
			return err
		}
		return errs.New(CodeForbidden, "rules of one's own, and content as it was sent, are for operators").Fix("leave rules and raw out, or use a key of role operate")
	}
	tried, err := backend.Try(c.r.Context(), &body)
	if auditErr := c.audit(what, outcome(err), seen); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	tried.Masked = !body.Raw
	for i := range tried.Groups {
		for j := range tried.Groups[i].Samples {
			if s := &tried.Groups[i].Samples[j]; tried.Masked {
				s.Before, s.After = string(mask([]byte(s.Before))), string(mask([]byte(s.After)))
			}
		}
	}
	return c.json(http.StatusOK, tried)
}
