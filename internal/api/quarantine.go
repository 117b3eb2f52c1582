package api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

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
	reasons, err := backend.Reasons(c.r.Context())
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, page[QuarantineReason]{Items: reasons})
}

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
	f := QuarantineFilter{Code: c.query.Get("code"), Stream: c.query.Get("stream"), Limit: int(limit)}
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
	return append(appendMember(b, "content", string(mask(q.Record.Props))), '}')
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
	chosen := body.Code != "" || body.Stream != ""
	if len(body.Places) > 0 == (chosen || body.All) || chosen && body.All || len(body.Places) > 10_000 {
		return errs.New(CodeBadBody, "a replay chooses places (at most 10000), or code and stream, or all").
			Fix(`send for example {"code":"contract_type"} or {"all":true}`)
	}
	if err := c.audit(fmt.Sprintf("code=%.60s stream=%.60s places=%d", c.s.deps.Audit.Hash(body.Code), c.s.deps.Audit.Hash(body.Stream), len(body.Places)), "requested", true); err != nil {
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
	if err := c.audit(fmt.Sprintf("code=%.60s stream=%.60s before=%s", c.s.deps.Audit.Hash(body.Code), c.s.deps.Audit.Hash(body.Stream), body.Before.UTC().Format("2006-01-02T15:04:05Z")), "requested", true); err != nil {
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

// try shows what the project's file as it is would make of the quarantine; what it
// shows of records is masked.
func (c *call) try() error {
	backend, err := c.quarantine()
	if err != nil {
		return err
	}
	var body TryRequest
	if err := c.decode(&body, false); err != nil {
		return err
	}
	tried, err := backend.Try(c.r.Context(), &body)
	what := fmt.Sprintf("code=%.60s stream=%.60s", c.s.deps.Audit.Hash(body.Code), c.s.deps.Audit.Hash(body.Stream))
	if auditErr := c.audit(what, outcome(err), false); err != nil || auditErr != nil {
		return errors.Join(auditErr, err)
	}
	for i := range tried.Groups {
		for j := range tried.Groups[i].Samples {
			s := &tried.Groups[i].Samples[j]
			s.Before, s.After = string(mask([]byte(s.Before))), string(mask([]byte(s.After)))
		}
	}
	return c.json(http.StatusOK, tried)
}
