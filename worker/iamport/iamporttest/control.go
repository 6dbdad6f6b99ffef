package iamporttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"receiptrevoker/tasks"
)

// prefix is where the server is controlled over HTTP, out of the API's way:
//
//	GET        /_simulator/truth               every Truth, one JSON object a line
//	GET        /_simulator/truth/{imp_uid}     one Truth, or 404
//	GET        /_simulator/stats               Stats
//	GET        /_simulator/faults              the rules in force, one a line
//	POST       /_simulator/faults              adds the rules in the body, one a line
//	DELETE     /_simulator/faults              drops all rules
//	PUT,DELETE /_simulator/outages/{pg}        begins or ends an outage
//	POST       /_simulator/receipts/{imp_uid}  issues another receipt after one that is
//	                                           revoked; its Truth, or 404, or 409
const prefix = "/_simulator/"

// control adds the handlers under prefix. They need no token and are not counted: a person who looks
// must not change what is measured.
func (s *Server) control() {
	for pattern, handler := range map[string]http.HandlerFunc{
		"GET truth":               s.getTruths,
		"GET truth/{imp_uid}":     s.getTruth,
		"GET stats":               func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Stats()) },
		"GET faults":              s.getFaults,
		"POST faults":             s.postFaults,
		"DELETE faults":           s.deleteFaults,
		"PUT outages/{pg}":        s.changeOutage,
		"DELETE outages/{pg}":     s.changeOutage,
		"POST receipts/{imp_uid}": s.reissue,
	} {
		s.mux.HandleFunc(strings.Replace(pattern, " ", " "+prefix, 1), handler)
	}
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(value)
}

func (s *Server) getTruths(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	for t := range s.Truths() {
		if lines.Encode(t) != nil {
			return
		}
	}
}

func (s *Server) getTruth(w http.ResponseWriter, r *http.Request) {
	impUID := r.PathValue("imp_uid")
	t, ok := s.Truth(impUID)
	if !ok {
		http.Error(w, fmt.Sprintf("%q was neither issued nor called for", impUID), http.StatusNotFound)
		return
	}
	writeJSON(w, t)
}

// reissue answers as getTruth does, unless there is no receipt that is revoked: 404 for an imp_uid that
// is not known, 409 for a receipt that still stands.
func (s *Server) reissue(w http.ResponseWriter, r *http.Request) {
	impUID := r.PathValue("imp_uid")
	if _, known := s.Truth(impUID); known {
		if _, done := s.Reissue(impUID, 0); !done {
			http.Error(w, fmt.Sprintf("%q has no receipt that is revoked", impUID), http.StatusConflict)
			return
		}
	}
	s.getTruth(w, r)
}

func (s *Server) getFaults(w http.ResponseWriter, _ *http.Request) {
	for _, rule := range s.Rules() {
		fmt.Fprintln(w, rule)
	}
}

// postFaults adds all the rules of the body, one a line, or none if one is wrong. Empty lines are
// skipped.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var rules []Rule
	for i, line := range strings.Split(string(body), "\n") {
		if line = strings.TrimSpace(line); err != nil || line == "" {
			continue
		}
		var rule Rule
		if rule, err = ParseRule(line); err != nil {
			err = fmt.Errorf("line %d: %w", i+1, err)
		}
		rules = append(rules, rule)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Inject(rules...)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	s.Clear()
	w.WriteHeader(http.StatusNoContent)
}

// changeOutage begins an outage with PUT and ends it with DELETE. Each may be repeated.
func (s *Server) changeOutage(w http.ResponseWriter, r *http.Request) {
	pg := tasks.Gateway(r.PathValue("pg"))
	if !pg.Known() {
		http.Error(w, fmt.Sprintf("unknown gateway %q, want one of %s", pg, join(tasks.Gateways())), http.StatusBadRequest)
		return
	}
	s.SetOutage(pg, r.Method == http.MethodPut)
	w.WriteHeader(http.StatusNoContent)
}
