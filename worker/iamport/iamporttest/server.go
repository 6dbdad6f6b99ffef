package iamporttest

import (
	"net/http"
	"sync"
	"time"

	"receiptrevoker/tasks"
)

// Server is a simulated PortOne. It may be used by several goroutines at once.
type Server struct {
	cfg     Config
	dice    dice
	tokens  tokens
	ledger  ledger
	rules   rulebook
	outages sync.Map // of tasks.Gateway: the gateways that are down
	tally   tally
	mux     *http.ServeMux

	closed chan struct{}
	once   sync.Once
}

// New returns a server that behaves as cfg says. It panics if one of cfg's
// rules has a fault that is not [Fault.Known].
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, dice: dice{seed: cfg.Seed}, mux: http.NewServeMux(), closed: make(chan struct{})}
	s.tokens = tokens{lifetime: cfg.TokenLifetime, dice: s.dice}
	s.ledger.init()
	s.Inject(cfg.Faults...)
	s.mux.Handle("POST /users/getToken", s.handle(OpToken, (*call).token))
	s.mux.Handle("DELETE /receipts/{imp_uid}", s.handle(OpRevoke, (*call).receipt))
	s.mux.Handle("GET /receipts/{imp_uid}", s.handle(OpLookup, (*call).receipt))
	s.mux.Handle("/receipts/external/{merchant_uid}", s.handle(OpExternal, (*call).nothingHere))
	s.mux.Handle(elsewhere, s.handle(OpRedirected, (*call).arrivedElsewhere))
	s.mux.Handle("/", s.handle(OpOther, (*call).nothingHere))
	s.control()
	return s
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends every wait, so that the calls concerned are cut without an answer,
// now and from now on. An HTTP server that waits for its handlers, such as
// httptest's, must be closed after it. The error is always nil.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// SetOutage says whether the gateway pg is down. While it is, every DELETE of
// its receipts answers 500, before any rule is tried, and revokes nothing.
// Lookups still work: they read PortOne's own record.
func (s *Server) SetOutage(pg tasks.Gateway, on bool) {
	if on {
		s.outages.Store(pg, true)
	} else {
		s.outages.Delete(pg)
	}
}

// down reports whether the gateway pg is down.
func (s *Server) down(pg tasks.Gateway) bool {
	_, down := s.outages.Load(pg)
	return down
}

// now returns the time of the server's clock, in UTC and without a monotonic
// reading, so that two readings can be compared with ==.
func (s *Server) now() time.Time { return s.cfg.Now().Round(0).UTC() }
