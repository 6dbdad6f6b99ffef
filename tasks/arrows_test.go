package tasks_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows says which packages of this module each may import, tests aside. One with nil
// may import everything but cmd.
var arrows = map[string][]string{
	"tasks":                      {},
	"tasks/asynqkeys":            {"tasks", "tasks/wait"},
	"tasks/outcome":              {"tasks", "tasks/redisfault", "tasks/wait"},
	"tasks/redisfault":           {"tasks/wait"},
	"tasks/wait":                 {},
	"tasks/wake":                 {"tasks", "tasks/redisfault", "tasks/wait"},
	"tasks/rights":               {"tasks/asynqkeys", "tasks/redisfault"},
	"worker/iamport":             {"tasks"},
	"worker/iamport/iamporttest": {"tasks"},
	"worker": {
		"tasks", "tasks/asynqkeys", "tasks/outcome", "tasks/redisfault", "tasks/rights", "worker/account", "worker/backoff",
		"tasks/wake", "worker/complaint", "worker/fetch", "worker/gate", "worker/heartbeat", "worker/iamport", "worker/pace",
		"worker/pulse", "worker/redishealth", "worker/revoke", "worker/roundtrip", "worker/slots", "worker/sweep",
	},
	"worker/account":   {"tasks/redisfault", "worker/pace"},
	"worker/backoff":   {},
	"worker/complaint": {"tasks", "tasks/asynqkeys"},
	"worker/fetch": {
		"tasks", "tasks/asynqkeys", "tasks/redisfault", "tasks/wait", "tasks/wake", "worker/complaint", "worker/pulse",
	},
	"worker/gate":        {"tasks", "tasks/asynqkeys", "tasks/wait", "worker/pace", "worker/pause"},
	"worker/heartbeat":   {"tasks/outcome"},
	"worker/pause":       {"tasks", "tasks/asynqkeys"},
	"worker/pace":        {},
	"worker/pulse":       {},
	"worker/redishealth": {"tasks/redisfault", "worker/heartbeat", "worker/pace", "worker/pulse"},
	"worker/roundtrip":   {},
	"worker/revoke": {
		"tasks", "tasks/asynqkeys", "tasks/outcome", "tasks/redisfault", "worker/backoff", "worker/complaint",
		"worker/gate", "worker/heartbeat", "worker/iamport", "worker/pace", "worker/pulse", "worker/slots",
	},
	"worker/slots":               {"tasks"},
	"worker/sweep":               {"tasks", "tasks/asynqkeys", "tasks/outcome", "worker/complaint"},
	"enqueue":                    {"tasks", "tasks/asynqkeys", "tasks/outcome", "tasks/redisfault", "tasks/wait", "tasks/wake"},
	"cmd/internal/monitor":       {"tasks", "tasks/asynqkeys", "tasks/outcome", "worker/gate", "cmd/internal/monitor/login", "worker/pause"},
	"cmd/internal/monitor/login": {},
	"tasks/deadletter":           {"tasks", "tasks/asynqkeys", "tasks/outcome", "tasks/wake"},
	"cmd/internal/doctor":        {"tasks", "tasks/asynqkeys", "tasks/outcome", "tasks/redisfault", "tasks/rights", "worker/account", "worker/iamport", "worker/revoke"},
	"worker/metrics": {
		"tasks", "tasks/asynqkeys", "tasks/outcome", "tasks/redisfault", "worker/gate", "worker/iamport", "worker/pause", "worker/revoke",
	},

	"bench/redistest/proxy":       {},
	"bench/redistest/redisserver": {"deploy/redis", "tasks/redisfault"},

	// A list goes through these, the later ones know the earlier: bytes, text, records, names, lines.
	"cmd/internal/list/plain":   {},
	"cmd/internal/list/fault":   {"tasks"},
	"cmd/internal/list/impuid":  {"tasks", "cmd/internal/list/fault", "cmd/internal/list/plain"},
	"cmd/internal/list/naming":  {"cmd/internal/list/plain"},
	"cmd/internal/list/decode":  {"cmd/internal/list/plain"},
	"cmd/internal/list/unpack":  {"cmd/internal/list/decode", "cmd/internal/list/fault", "cmd/internal/list/plain"},
	"cmd/internal/list/foreign": {"cmd/internal/list/fault", "cmd/internal/list/plain"},
	"cmd/internal/list/frame":   {"cmd/internal/list/decode", "cmd/internal/list/fault", "cmd/internal/list/plain"},
	"cmd/internal/list/sheet": {
		"cmd/internal/list/decode", "cmd/internal/list/fault", "cmd/internal/list/foreign",
		"cmd/internal/list/frame", "cmd/internal/list/impuid", "cmd/internal/list/naming",
		"cmd/internal/list/plain",
	},
	"cmd/internal/list/jsontext": {
		"cmd/internal/list/decode", "cmd/internal/list/fault", "cmd/internal/list/frame",
		"cmd/internal/list/plain",
	},
	"cmd/internal/list/payment": {
		"tasks", "cmd/internal/list/fault", "cmd/internal/list/frame", "cmd/internal/list/naming",
		"cmd/internal/list/plain",
	},
	"cmd/internal/list/header": {
		"tasks", "cmd/internal/list/decode", "cmd/internal/list/fault", "cmd/internal/list/frame",
		"cmd/internal/list/impuid", "cmd/internal/list/naming", "cmd/internal/list/payment",
		"cmd/internal/list/plain",
	},
	"cmd/internal/list/lines": {
		"tasks", "cmd/internal/list/fault", "cmd/internal/list/frame", "cmd/internal/list/header",
		"cmd/internal/list/impuid", "cmd/internal/list/naming", "cmd/internal/list/payment",
		"cmd/internal/list/plain",
	},

	// These use the others.
	"bench":                         nil,
	"bench/gotest":                  nil,
	"bench/house":                   nil,
	"bench/internal/benchredis":     nil,
	"bench/internal/contender":      nil,
	"bench/internal/loopback":       nil,
	"bench/internal/portone":        nil,
	"bench/internal/postgres":       nil,
	"bench/internal/program":        nil,
	"bench/internal/proof":          nil,
	"bench/internal/scene":          nil,
	"bench/redistest":               nil,
	"bench/redistest/scale":         nil,
	"bench/soak":                    nil,
	"bench/world":                   nil,
	"bench/world/mutations":         nil,
	"cmd/internal/config":           nil,
	"cmd/internal/demo":             nil,
	"cmd/internal/list":             nil,
	"cmd/internal/traces":           nil,
	"cmd/revoker":                   nil,
	"deploy":                        nil,
	"deploy/redis":                  nil,
	"tasks/asynqkeys/asynqkeystest": nil,
}

func TestImportsFollowTheArrows(t *testing.T) {
	t.Parallel()
	const module = "receiptrevoker/"
	const format = `{{.ImportPath}} {{join .Imports " "}}`
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", format, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		from := strings.TrimPrefix(words[0], module)
		allowed, listed := arrows[from]
		if !listed {
			t.Errorf("%s is not in the arrows of this test: say what it may import", from)
		}
		for _, path := range words[1:] {
			to, ours := strings.CutPrefix(path, module)
			switch {
			case strings.HasSuffix(path, "/asynqmon") && from != "cmd/internal/monitor":
				t.Errorf("%s imports Asynqmon; only cmd/internal/monitor does", from)
			case !ours:
			case allowed != nil && !slices.Contains(allowed, to):
				t.Errorf("%s imports %s, want only %q", from, to, allowed)
			case strings.HasPrefix(to, "cmd/") && !strings.HasPrefix(from, "cmd/"):
				t.Errorf("%s imports %s; only cmd knows everybody", from, to)
			}
		}
	}
}
