package iamporttest

import (
	"bufio"
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

// control adds the handlers under prefix. They need no token and are not
// counted.
func (s *Server) control() {
	s.mux.HandleFunc("GET "+prefix+"truth", s.getTruths)
	s.mux.HandleFunc("GET "+prefix+"truth/{imp_uid}", s.getTruth)
	s.mux.HandleFunc("GET "+prefix+"stats", s.getStats)
	s.mux.HandleFunc("GET "+prefix+"faults", s.getFaults)
	s.mux.HandleFunc("POST "+prefix+"faults", s.postFaults)
	s.mux.HandleFunc("DELETE "+prefix+"faults", s.deleteFaults)
	s.mux.HandleFunc("PUT "+prefix+"outages/{pg}", s.changeOutage)
	s.mux.HandleFunc("DELETE "+prefix+"outages/{pg}", s.changeOutage)
	s.mux.HandleFunc("POST "+prefix+"receipts/{imp_uid}", s.reissue)
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
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(t)
}

func (s *Server) getStats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(s.Stats())
}

func (s *Server) getFaults(w http.ResponseWriter, _ *http.Request) {
	for _, rule := range s.Rules() {
		fmt.Fprintln(w, rule)
	}
}

// postFaults adds all the rules of the body, or none if one is wrong.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	rules, err := readRules(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.Inject(rules...)
	w.WriteHeader(http.StatusNoContent)
}

// readRules reads rules, one a line. Empty lines are skipped.
func readRules(r io.Reader) ([]Rule, error) {
	var rules []Rule
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		rule, err := ParseRule(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rules = append(rules, rule)
	}
	return rules, lines.Err()
}

func (s *Server) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	s.Clear()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) changeOutage(w http.ResponseWriter, r *http.Request) {
	pg := tasks.Gateway(r.PathValue("pg"))
	if !pg.Known() {
		http.Error(w, fmt.Sprintf("unknown gateway %q, want one of %s", pg, join(tasks.Gateways())), http.StatusBadRequest)
		return
	}
	s.SetOutage(pg, r.Method == http.MethodPut)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) reissue(w http.ResponseWriter, r *http.Request) {
	impUID := r.PathValue("imp_uid")
	if _, known := s.Truth(impUID); !known {
		http.Error(w, fmt.Sprintf("%q was neither issued nor called for", impUID), http.StatusNotFound)
		return
	}
	if _, ok := s.Reissue(impUID, 0); !ok {
		http.Error(w, fmt.Sprintf("%q has no receipt that is revoked", impUID), http.StatusConflict)
		return
	}
	s.getTruth(w, r)
}
