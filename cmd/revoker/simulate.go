package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// simulateSettings say how the simulated PortOne behaves. faults and percent are as the person typed
// them; config reads them.
type simulateSettings struct {
	listen  string
	portone iamporttest.Config
	faults  []string
	percent string // of the imp_uids on no list, those without a receipt; "2" or "2%"
}

// simulate returns the command that serves a simulated PortOne, to try everything without the real one:
// a revocation there is final. It needs no Redis, and so has no flags that find one.
func (p *program) simulate() *cobra.Command {
	var s simulateSettings
	cmd := &cobra.Command{
		Use:   "simulate [FILE]",
		Short: "Serve a simulated PortOne, with faults if asked for",
		Long: `Simulate serves the receipt calls of PortOne V1 from memory. The payments of
FILE, a list as 'revoker bulk' reads it, have receipts of their gateways; any
other imp_uid has one as well, except for --never-issued of them.

It records what is called and revoked, and serves these controls:
  GET    /_simulator/truth[/IMP_UID]   what is revoked, and how often called
  GET    /_simulator/stats             calls by operation and status
  POST   /_simulator/faults            add faults, one a line; DELETE drops them
  PUT    /_simulator/outages/PG        a gateway goes down; DELETE: it is back
  POST   /_simulator/receipts/IMP_UID  issue another after one that is revoked

A fault is ` + iamporttest.RuleSyntax + `,
where TARGET is a gateway, an imp_uid, a share of the receipts such as 30% (the
same ones at every call), several of these joined by +, or *, and FAULT one of
` + faultNames() + `
html-404 stands for a proxy's page with any status from 200 to 599.`,
		Example: `  revoker simulate refunds.csv --latency 200ms --fault 500=20% \
    --fault kcp:429=5%@2s`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runSimulate(cmd.Context(), s, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8990", "`address` to serve on")
	f.StringArrayVar(&s.faults, "fault", nil, "`rule` for what goes wrong; may be repeated")
	f.DurationVar(&s.portone.Latency.Median, "latency", 0, "median time to answer a receipt's call")
	f.DurationVar(&s.portone.Latency.P99, "latency-p99", 0,
		"time within which 99 % are answered (default always the median)")
	f.IntVar(&s.portone.AlreadyRevoked, "already-revoked", http.StatusInternalServerError,
		"HTTP `status` for revoking twice: 500, 400 or 200; PortOne documents none")
	f.DurationVar(&s.portone.TokenLifetime, "token-lifetime", 30*time.Minute, "life of an access token")
	f.StringVar(&s.percent, "never-issued", "0", "`percent` of unlisted imp_uids without a receipt, such as 2 or 2%")
	f.Uint64Var(&s.portone.Seed, "seed", 1, "`number` that seeds everything random")
	return cmd
}

// faultNames returns the names of all faults in lines of at most 80 columns, for the help text: cobra
// wraps flags and no Long text. A fault that iamporttest learns appears there by itself.
func faultNames() string {
	line, text := " ", ""
	for _, fault := range iamporttest.Faults() {
		if len(line)+len(fault) > 76 {
			text, line = text+line+"\n", " "
		}
		line += " " + string(fault)
	}
	return text + line
}

// config returns what the settings mean. The error names the flag; the caller makes a usageError of it.
func (s *simulateSettings) config() (iamporttest.Config, error) {
	for _, text := range s.faults {
		rule, err := iamporttest.ParseRule(text)
		if err != nil {
			return s.portone, fmt.Errorf("--fault: %w", err)
		}
		s.portone.Faults = append(s.portone.Faults, rule)
	}
	// PortOne does not document what a DELETE of a revoked receipt answers. These three are what
	// [iamporttest.Config] knows, so that a worker can be tried with each.
	switch s.portone.AlreadyRevoked {
	case http.StatusInternalServerError, http.StatusBadRequest, http.StatusOK:
	default:
		return s.portone, fmt.Errorf("--already-revoked %d must be 500, 400 or 200", s.portone.AlreadyRevoked)
	}
	percent, err := strconv.Atoi(strings.TrimSuffix(s.percent, "%"))
	if err != nil || percent < 0 || percent > 100 {
		return s.portone, fmt.Errorf("--never-issued %q must be 0 to 100 percent, such as 2 or 2%%", s.percent)
	}
	if s.portone.TokenLifetime < time.Second {
		return s.portone, fmt.Errorf("--token-lifetime %v must be at least 1s", s.portone.TokenLifetime)
	}
	s.portone.Unknown = unlisted(percent)
	return s.portone, nil
}

// runSimulate serves the simulated PortOne until ctx ends, and prints the variables that lead a worker
// to it. Its record is in memory: what was revoked is forgotten with the process.
func (p *program) runSimulate(ctx context.Context, s simulateSettings, files []string) error {
	config, err := s.config()
	if err != nil {
		return usageError{err}
	}
	portone := iamporttest.New(config)
	defer portone.Close()
	for _, file := range files {
		if err := p.issueListed(portone, file); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen on --listen %s: %w", s.listen, err)
	}
	p.say(`The simulated PortOne is at http://%s. To use it:

  export IAMPORT_URL=http://%[1]s
  export IMP_KEY=%s IMP_SECRET=%s

Ctrl-C ends it.
`, listener.Addr(), iamporttest.DefaultKey, iamporttest.DefaultSecret)
	// serve waits for calls in flight before it returns. A fault such as hang never answers, so the
	// waits of the simulator end together with ctx.
	defer context.AfterFunc(ctx, func() { _ = portone.Close() })()
	return serve(ctx, listener, portone, slog.New(slog.DiscardHandler))
}

// issueListed gives the payments of a list receipts of their gateways, and says what the list has, by
// which a person sees whether it was understood. Lines that cannot be used make no payment. They are
// counted and not shown; bulk reports each.
func (p *program) issueListed(portone *iamporttest.Server, file string) error {
	listed, unusable := make(map[string]tasks.Gateway), 0
	err := p.eachRow(file, func(row list.Row) {
		portone.Issue(iamporttest.Receipt{ImpUID: row.ImpUID, PG: row.PG})
		listed[row.ImpUID] = row.PG
	}, func(*list.LineError) { unusable++ })
	if err != nil {
		return err
	}
	p.say("%s has %s", file, payments(listed, unusable))
	return nil
}

// payments says how many payments a list has, of which gateways, the most frequent first, and how many
// of its lines cannot be used: "300 payments: kcp 250, without a gateway 50; 2 lines cannot be used". An
// imp_uid that is on several lines counts once.
func payments(listed map[string]tasks.Gateway, unusable int) string {
	counts := make(map[tasks.Gateway]int)
	for _, pg := range listed {
		counts[pg]++
	}
	var parts []string
	for _, pg := range byFrequency(counts) {
		parts = append(parts, fmt.Sprintf("%s %d", cmp.Or(pg, "without a gateway"), counts[pg]))
	}
	text := plural(len(listed), "payment")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if unusable > 0 {
		text += "; " + plural(unusable, "line") + " cannot be used"
	}
	return text
}

// unlisted returns which receipt an imp_uid has that is on no list: one of a gateway on which it can be
// revoked, or none for the given percentage of all imp_uids. A hash of the imp_uid decides, so that it
// has the same gateway in each run. KICC is left out: there the simulator answers every DELETE with 501.
func unlisted(percent int) func(string) (iamporttest.Receipt, bool) {
	gateways := slices.DeleteFunc(tasks.Gateways(), func(pg tasks.Gateway) bool { return pg == tasks.KICC })
	return func(impUID string) (iamporttest.Receipt, bool) {
		h := fnv.New32a()
		_, _ = io.WriteString(h, impUID)
		// The remainder chooses the gateway. The quotient, which is independent of it, chooses who has
		// no receipt: otherwise all of them would be of one gateway.
		n, all := h.Sum32(), uint32(len(gateways))
		return iamporttest.Receipt{PG: gateways[n%all]}, int(n/all%100) >= percent
	}
}
