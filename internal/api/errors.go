package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Codes of the room's own faults.
const (
	CodeUnauthenticated errs.Code = "unauthenticated"
	CodeForbidden       errs.Code = "forbidden"
	CodeThrottled       errs.Code = "too_many_failures"
	CodeBadBody         errs.Code = "bad_body"
	CodeBadParameter    errs.Code = "bad_parameter"
	CodeBodyTooLarge    errs.Code = "body_too_large"
	CodeNotYet          errs.Code = "not_yet"
	CodeNotConfigured   errs.Code = "not_configured"
	CodeRouteUnknown    errs.Code = "route_unknown"
	CodeMethod          errs.Code = "method_not_allowed"
	CodeHostRefused     errs.Code = "host_refused"
	CodeInternal        errs.Code = "internal"
	CodeNobody          errs.Code = "process_none"        // no process does what several share
	CodePeer            errs.Code = "process_unreachable" // the one that does it cannot be asked
)

// statuses are the HTTP statuses of the codes that callers meet. Codes that end in
// _unknown are 404, those that begin with bad_ are 400; what is coded but neither
// here nor in Deps.Statuses is 500.
var statuses = map[errs.Code]int{
	CodeUnauthenticated: http.StatusUnauthorized,
	CodeForbidden:       http.StatusForbidden,
	CodeThrottled:       http.StatusTooManyRequests,
	CodeBodyTooLarge:    http.StatusRequestEntityTooLarge,
	CodeNotYet:          http.StatusServiceUnavailable,
	CodeNotConfigured:   http.StatusNotImplemented,
	CodeMethod:          http.StatusMethodNotAllowed,
	CodeHostRefused:     http.StatusMisdirectedRequest,
	CodeInternal:        http.StatusInternalServerError,

	"contract_schema_invalid":     http.StatusUnprocessableEntity,
	"contract_schema_unsupported": http.StatusUnprocessableEntity,
	"contract_schema_remote":      http.StatusUnprocessableEntity,
	"contract_message":            http.StatusUnprocessableEntity,

	"role_unknown":      http.StatusBadRequest,
	"profile_gone":      http.StatusGone,
	"plan_changed":      http.StatusConflict,
	"plan_invalid":      http.StatusUnprocessableEntity,
	"key_exists":        http.StatusConflict,
	"key_name":          http.StatusBadRequest,
	"key_expired":       http.StatusBadRequest,
	"keys_too_many":     http.StatusConflict,
	"secret_configured": http.StatusConflict,
	"sql_bad":           http.StatusBadRequest,
	"sql_refused":       http.StatusBadRequest,
	"sql_timeout":       http.StatusUnprocessableEntity,
	"sql_memory":        http.StatusUnprocessableEntity,
	"decision_format":   http.StatusBadRequest,
	"replay_what":       http.StatusBadRequest,
	"overloaded":        http.StatusServiceUnavailable,
	"disk_full":         http.StatusServiceUnavailable,
	"engine_failed":     http.StatusServiceUnavailable,
	"engine_closed":     http.StatusServiceUnavailable,

	CodeNobody:           http.StatusServiceUnavailable,
	CodePeer:             http.StatusServiceUnavailable,
	"engine_unavailable": http.StatusServiceUnavailable,
	"fenced":             http.StatusServiceUnavailable,
	"pin_unknown":        http.StatusServiceUnavailable,
	"keys_unavailable":   http.StatusServiceUnavailable,
	"audit_unavailable":  http.StatusServiceUnavailable,
	"audit_closed":       http.StatusServiceUnavailable,
	"warehouse_failed":   http.StatusServiceUnavailable,
	"warehouse_closed":   http.StatusServiceUnavailable,

	"webhook_no_dead_letter": http.StatusNotFound,
	"webhook_not_running":    http.StatusConflict,
	"webhook_failed":         http.StatusBadGateway,
}

// Fault is the body of every answer that is no success.
type Fault struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Mend    string `json:"mend"`
	Where   string `json:"where,omitempty"`
}

// status gives the HTTP status of a code.
func (s *Server) status(code errs.Code) int {
	if n, ok := s.deps.Statuses[code]; ok {
		return n
	}
	if n, ok := statuses[code]; ok {
		return n
	}
	switch {
	case strings.HasSuffix(string(code), "_unknown"):
		return http.StatusNotFound
	case strings.HasPrefix(string(code), "bad_"):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// fault turns an error into an answer. What has no code is a defect or a driver's
// fault: its text goes to the log and not to the caller.
func (s *Server) fault(err error) (int, Fault) {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		what := e.What
		if what == "" {
			what = e.Doing + " failed"
		}
		return s.status(e.Code), Fault{Code: string(e.Code), Message: what, Mend: e.Mend, Where: e.Where}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return http.StatusServiceUnavailable, Fault{Code: "timeout", Message: "the answer took too long, or the caller left", Mend: "try again"}
	}
	return http.StatusInternalServerError, Fault{Code: string(CodeInternal), Message: "something went wrong inside",
		Mend: "try again; if it stays, look for this answer's Kith-Request-Id in the server's log"}
}
