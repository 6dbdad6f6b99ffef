package monitor

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"receiptrevoker/cmd/internal/monitor/login"
)

var (
	//go:embed page/overview.html
	overviewSource string
	//go:embed page/login.html
	loginSource string
	//go:embed page/style.css
	style []byte
	//go:embed page/refresh.js
	script []byte
	//go:embed page/icon.svg
	icon []byte
)

// refresh is how often a browser asks for the page again, by page/refresh.js, or without
// scripts by a meta element. It is also what people read on the page, in seconds.
const refresh = 5 * time.Second

// pages are our own, in both languages. The templates are made once, one set for each
// language, since the functions that they call know the language.
type pages struct {
	config    Config
	snapshots *snapshots
	search    *search
	templates map[tongue]*template.Template
}

// newPages reads the templates; an error is a mistake in a template, which tests find.
func newPages(config Config) (*pages, error) {
	p := &pages{
		config: config, snapshots: newSnapshots(config), templates: make(map[tongue]*template.Template),
		search: &search{config.Redis, config.Outcomes},
	}
	for _, t := range tongues {
		page := template.New("").Funcs(t.functions(config.Now))
		for name, source := range map[string]string{"overview": overviewSource, "login": loginSource} {
			if _, err := page.New(name).Parse(source); err != nil {
				return nil, err
			}
		}
		p.templates[t] = page
	}
	return p, nil
}

// overview shows all that is to be seen, and with ?q= what is known about an imp_uid. A
// Redis that does not answer makes a page of what was read last, with the reason above it
// and status 503: refresh.js shows it all the same, and a person still sees the last state.
func (p *pages) overview(w http.ResponseWriter, r *http.Request) {
	t := speak(w, r, p.config.Access.Secure())
	view := overview{
		Refresh: int(refresh.Seconds()), Guarded: login.VisitorOf(r.Context()).Session, Asynq: AsynqPath,
		Query: strings.TrimSpace(r.URL.Query().Get("q")), Switch: languageLink(t, r.URL), Other: t.other().name(),
	}
	status := http.StatusOK
	var err error
	// The search is not made where the reading has failed: it would wait for the same
	// Redis.
	if view.Snapshot, err = p.snapshots.get(r.Context()); err == nil && view.Query != "" {
		// Unlike the snapshot, a search is read for each request: a person who searches
		// wants to see this moment.
		var about found
		if about, err = p.search.find(r.Context(), view.Query); err == nil {
			view.Found = &about
			view.Hold = about.hold(view.Snapshot.Gates, p.config.Outcomes.Namespace())
			if about.Outcome != nil {
				view.Details = t.details(*about.Outcome)
			}
		}
	}
	if err != nil {
		// Errors of Redis have addresses and no passwords.
		p.config.Log.Warn("the page cannot be read from Redis", "error", err)
		status, view.Problem = http.StatusServiceUnavailable, err.Error()
	}
	view.Gateways, view.Idle = view.Snapshot.gatewayRows()
	view.Batches = view.Snapshot.batchRows()
	p.write(w, t, page{"overview", status, view})
}

// login writes the form for the password; package login decides when, and with which
// status.
func (p *pages) login(w http.ResponseWriter, r *http.Request, status int, form login.Form) {
	t := speak(w, r, p.config.Access.Secure())
	p.write(w, t, page{"login", status, struct {
		login.Form
		Switch, Other string
	}{form, languageLink(t, &url.URL{Path: login.Path}), t.other().name()}})
}

// page is the name of a template, its data, and the status for machines.
type page struct {
	name   string
	status int
	data   any
}

// write makes the whole page before it sends a byte, so that an error in a template becomes
// a 500 and not half a page with status 200.
func (p *pages) write(w http.ResponseWriter, t tongue, page page) {
	var body bytes.Buffer
	if err := p.templates[t].ExecuteTemplate(&body, page.name, page.data); err != nil {
		p.config.Log.Error("a page cannot be written", "page", page.name, "error", err)
		http.Error(w, "this page cannot be written; the log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", t.String())
	w.WriteHeader(page.status)
	_, _ = body.WriteTo(w)
}

// languageLink leads to the same page in the other language, and keeps its parameters: what
// was searched stays.
func languageLink(t tongue, at *url.URL) string {
	query := at.Query()
	query.Set(languageField, t.other().String())
	query.Del(login.TokenField)
	return fmt.Sprintf("%s?%s", at.Path, query.Encode())
}
