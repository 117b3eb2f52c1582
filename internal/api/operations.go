package api

// operation is one operation of openapi.yaml.
type operation struct {
	id      string // operationId
	pattern string // of http.ServeMux
	role    Role   // least role; empty: no key is needed
	action  string // name in the audit chain; empty: no personal data is read or acted on
	query   []string
	handle  func(*call) error
}

// operations are all of them. TestSpec compares the table with the document, and
// TestRoles tries every one with every role.
var operations = [...]operation{
	{"getOpenAPI", "GET /api/openapi.json", "", "", nil, (*call).openAPIJSON},
	{"getOpenAPIYAML", "GET /api/openapi.yaml", "", "", nil, (*call).openAPIYAML},
	{"getHealth", "GET /healthz", "", "", nil, (*call).health},
	{"getReadiness", "GET /readyz", "", "", nil, (*call).readiness},
	{"getMetrics", "GET /metrics", RoleRead, "", nil, (*call).metrics},

	{"lookupProfiles", "POST /api/profiles/lookup", RoleRead, "profile.lookup", nil, (*call).lookupProfiles},
	{"getProfile", "GET /api/profiles/{id}", RoleRead, "profile.read", []string{"version", "at", "at_least", "wait_ms"}, (*call).getProfile},
	{"getProfileHistory", "GET /api/profiles/{id}/history", RoleRead, "profile.history", []string{"before", "limit", "at_least", "wait_ms"}, (*call).getHistory},
	{"getProfileCrosswalk", "GET /api/profiles/{id}/crosswalk", RoleRead, "profile.crosswalk", []string{"at_least", "wait_ms"}, (*call).getCrosswalk},

	{"decide", "POST /api/decisions", RoleOperate, "decision.make", nil, (*call).decide},
	{"listReview", "GET /api/review", RoleRead, "review.list", []string{"cursor", "limit"}, (*call).listReview},
	{"explain", "POST /api/explain", RoleRead, "explain", nil, (*call).explain},

	{"listQuarantine", "GET /api/quarantine", RoleRead, "quarantine.list", []string{"code", "source", "stream", "limit", "cursor", "raw"}, (*call).listQuarantine},
	{"listQuarantineReasons", "GET /api/quarantine/reasons", RoleRead, "quarantine.reasons", []string{"code", "source", "stream", "samples"}, (*call).listReasons},
	{"expireQuarantine", "POST /api/quarantine/expire", RoleOperate, "quarantine.expire", nil, (*call).expire},
	{"tryQuarantine", "POST /api/quarantine/try", RoleRead, "quarantine.try", nil, (*call).try},
	{"replayQuarantine", "POST /api/quarantine/replay", RoleOperate, "quarantine.replay", nil, (*call).replay},

	{"listContracts", "GET /api/contracts", RoleRead, "", nil, (*call).listContracts},
	{"getContract", "GET /api/contracts/{stream}", RoleRead, "", []string{"event"}, (*call).getContract},
	{"diffContract", "GET /api/contracts/{stream}/diff", RoleRead, "", []string{"event", "from", "to"}, (*call).diffContract},
	{"checkContract", "POST /api/contracts/{stream}/check", RoleRead, "", nil, (*call).checkContract},
	{"listDrift", "GET /api/contracts/{stream}/drift", RoleRead, "", nil, (*call).listDrift},

	{"getLedger", "GET /api/ledger", RoleRead, "", nil, (*call).getLedger},
	{"trace", "POST /api/trace", RoleRead, "trace", nil, (*call).trace},
	{"getStatus", "GET /api/status", RoleRead, "", nil, (*call).getStatus},
	{"rebuild", "POST /api/rebuild", RoleOperate, "rebuild", nil, (*call).rebuild},
	{"getPlan", "GET /api/plan", RoleRead, "", nil, (*call).getPlan},
	{"applyPlan", "POST /api/plan/apply", RoleOperate, "plan.apply", nil, (*call).applyPlan},
	{"querySQL", "POST /api/sql", RoleRead, "sql", nil, (*call).querySQL},

	{"listDestinations", "GET /api/destinations", RoleRead, "", nil, (*call).listDestinations},
	{"getDestinationSecret", "GET /api/destinations/{name}/secret", RoleAdmin, "destination.secret", nil, (*call).destinationSecret},
	{"listDeadLetters", "GET /api/destinations/{name}/dead-letters", RoleRead, "", []string{"cursor", "limit"}, (*call).listDeadLetters},
	{"redeliver", "POST /api/destinations/{name}/redeliver", RoleOperate, "destination.redeliver", nil, (*call).redeliver},

	{"makePixel", "POST /api/pixels", RoleIngest, "", nil, (*call).makePixel},

	{"listKeys", "GET /api/keys", RoleAdmin, "", nil, (*call).listKeys},
	{"createKey", "POST /api/keys", RoleAdmin, "key.create", nil, (*call).createKey},
	{"revokeKey", "DELETE /api/keys/{id}", RoleAdmin, "key.revoke", nil, (*call).revokeKey},
	{"verifyAudit", "GET /api/audit/verify", RoleAdmin, "", nil, (*call).verifyAudit},
}
