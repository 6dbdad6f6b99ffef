package iamporttest

import "net/http"

// New returns a server that behaves as cfg says. It panics if one of cfg's
// rules has a fault that is not [Fault.Known].
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, dice: dice{seed: cfg.Seed}, mux: http.NewServeMux(), closed: make(chan struct{})}
	s.tokens = tokens{lifetime: cfg.TokenLifetime, dice: s.dice}
	s.Inject(cfg.Faults...)
	// The paths of PortOne V1. Another method on one of these, or another path, is a call to an
	// endpoint that is not there.
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
