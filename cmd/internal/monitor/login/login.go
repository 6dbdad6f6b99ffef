// Package login stands before a web site: it admits the users of a list, or whoever knows
// the one password, or whom a trusted proxy names, or on loopback whoever has the token of
// the printed URL. It tells the site who asks, and remembers people for a shift.
//
// Three things slow a guesser down: the cost of the hash, a throttle for each address, and
// one comparison at a time. A password is never logged, and an error never has one in it.
package login

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// Path is where the form is shown (GET) and sent to (POST).
	Path = "/login"
	// OutPath is where a POST ends the session; a GET does not, so that no link or picture
	// of another site can.
	OutPath = "/logout"
	// NameField is the name of the form's field with the user's name; the page's template
	// uses the same.
	NameField = "username"
	// Field is the name of the field with the password.
	Field = "password"
	// TokenField is the parameter of a URL with the token.
	TokenField = "token"
)

const (
	// maxForm is how many bytes a form may have: a password of 72, encoded, many times
	// over.
	maxForm = 4 << 10
	// turnTimeout is how long a password waits for others to be compared, before the person
	// is told to try again: some forty comparisons of a quarter of a second.
	turnTimeout = 10 * time.Second
)

// Form is what the page with the password's field has to say; the zero value is a form with
// a password alone, and without a message.
type Form struct {
	// Names tells that the form asks for a name, too.
	Names bool
	// Token tells that there is no password: a URL with a token admits people.
	Token bool
	// Wrong tells that the name or the password was wrong. It does not tell which, or how
	// far.
	Wrong bool
	// Wait is for how long no further password from this address is looked at, 0 for no
	// wait.
	Wait time.Duration
}

// Config is whom a login admits, and how it looks. Form is required.
type Config struct {
	Access
	// Form writes the page with the fields, under the given status: 200, 401 where a token
	// is needed, 403 for a wrong password, 429 for too many.
	Form func(w http.ResponseWriter, r *http.Request, status int, form Form)
	// Unattended reports whether a page sent a request by itself, as one that renews itself
	// does. Such a request does not keep a session alive. Default: none did.
	Unattended func(r *http.Request) bool
	// Log is told from which address a person logs in or is turned away. Default
	// [slog.Default].
	Log *slog.Logger
	// Now is the clock of sessions and throttles. Default [time.Now].
	Now func() time.Time
}

// Login stands before a site. Its sessions live in the memory of this process, so that
// logging out ends them for certain, and so does a restart: a signed cookie that was stolen
// would be good until its end, also after the password was changed. Two processes behind a
// balancer would not know each other's sessions.
type Login struct {
	config   Config
	sessions *sessions
	throttle *throttle
	// checking has room for one: one password is compared at a time, since each costs a
	// core a quarter of a second, and the machine has other work.
	checking chan struct{}
}

// New returns a login.
func New(config Config) *Login {
	if config.Unattended == nil {
		config.Unattended = func(*http.Request) bool { return false }
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Login{
		config: config, sessions: newSessions(config.Now), throttle: newThrottle(config.Now),
		checking: make(chan struct{}, 1),
	}
}

// Guard returns a handler that shows next only to those who are admitted; [VisitorOf] tells
// next who asks. A browser that asks for a page is sent to the form; whatever else asks gets
// 401, so that a script does not take the form for its answer. It answers [Path] and
// [OutPath] itself. [Access.Arrived] and protection against requests that other sites cause
// must stand before it.
func (l *Login) Guard(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, l.form)
	mux.HandleFunc("POST "+OutPath, l.out)
	if l.config.Users.passwords() {
		mux.HandleFunc("POST "+Path, l.in)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		visitor, ok := l.visitor(r)
		switch page := r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"); {
		case page && l.presented(r.URL.Query().Get(TokenField)):
			l.exchange(w, r)
		case ok:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorKey{}, visitor)))
		case page && l.config.Users.passwords():
			http.Redirect(w, r, Path, http.StatusSeeOther)
		case page && l.config.Token != "":
			l.config.Form(w, r, http.StatusUnauthorized, Form{Token: true})
		default:
			http.Error(w, l.how(), http.StatusUnauthorized)
		}
	})
	return mux
}

// how says how a script, or a person without a form, is admitted.
func (l *Login) how() string {
	switch {
	case l.config.Token != "":
		return "the URL that was printed at the start has a token: give it as ?" + TokenField + "=…, " +
			"or in the header Authorization: Bearer …"
	case l.config.Header != "":
		return "log in first: a trusted proxy must name a known user in " + l.config.Header
	}
	return "log in first"
}

// visitor returns who sends a request, and false if nobody is admitted by it. A user whom
// the proxy names comes before a session of somebody else.
func (l *Login) visitor(r *http.Request) (Visitor, bool) {
	if visitor, ok := l.config.named(r); ok {
		return visitor, true
	}
	// A sibling domain can plant a cookie of the same name, which then comes first: all are
	// tried.
	for _, cookie := range r.CookiesNamed(l.cookieName()) {
		if visitor, ok := l.sessions.find(cookie.Value, !l.config.Unattended(r)); ok {
			return visitor, true
		}
	}
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if l.presented(bearer) || l.presented(r.URL.Query().Get(TokenField)) {
		return Visitor{Role: Look}, true
	}
	return Visitor{}, false
}

// presented reports whether a text is the token, in a time that does not tell how near it
// is.
func (l *Login) presented(text string) bool {
	return l.config.Token != "" && subtle.ConstantTimeCompare([]byte(text), []byte(l.config.Token)) == 1
}

// exchange gives a browser that has the token a session for it, and sends it to the same
// page without the token: it stays in no history, bookmark or picture of the screen.
func (l *Login) exchange(w http.ResponseWriter, r *http.Request) {
	l.begin(w, r, Visitor{Role: Look})
	query := r.URL.Query()
	query.Del(TokenField)
	to := url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: query.Encode()}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

func (l *Login) form(w http.ResponseWriter, r *http.Request) {
	_, ok := l.visitor(r)
	switch {
	case ok:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case l.config.Users.passwords():
		l.show(w, r, http.StatusOK, Form{})
	case l.config.Token != "":
		l.config.Form(w, r, http.StatusUnauthorized, Form{Token: true})
	default:
		http.Error(w, l.how(), http.StatusUnauthorized)
	}
}

// show writes the form for a name, if users have some, and a password.
func (l *Login) show(w http.ResponseWriter, r *http.Request, status int, form Form) {
	form.Names = !l.config.Users.single()
	if form.Wait > 0 {
		// Retry-After has whole seconds, rounded up, so that a try at that time is
		// admitted.
		w.Header().Set("Retry-After", fmt.Sprint(int(form.Wait.Seconds())+1))
	}
	l.config.Form(w, r, status, form)
}

// in admits a person, or says why not. The throttle comes before the comparison: a guess
// above the allowance costs no quarter of a second, and a right password is then refused as
// well, or the answer would tell.
func (l *Login) in(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "this form cannot be read", http.StatusBadRequest)
		return
	}
	try := l.throttle.take(r.RemoteAddr)
	if try.wait > 0 {
		l.show(w, r, http.StatusTooManyRequests, Form{Wait: try.wait})
		return
	}
	name := r.PostForm.Get(NameField)
	if l.config.Users.single() {
		name = ""
	}
	right, err := l.check(r.Context(), try.from, name, r.PostForm.Get(Field))
	switch {
	// The password waited too long for others to be compared.
	case err != nil:
		try.giveBack()
		l.show(w, r, http.StatusTooManyRequests, Form{Wait: time.Second})
	case !right:
		// A name that is not known is not logged: people type a password there.
		if _, known := l.config.Users[name]; !known {
			name = "unknown"
		}
		l.config.Log.Warn("wrong password", "user", name, "remote", r.RemoteAddr)
		l.show(w, r, http.StatusForbidden, Form{Wrong: true})
	default:
		try.giveBack()
		l.config.Log.Info("logged in", "user", name, "remote", r.RemoteAddr)
		l.begin(w, r, Visitor{Name: name, Role: l.config.Users[name].role})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// check compares a password with that of a user. The error is that of a context that ended
// while others were compared.
func (l *Login) check(ctx context.Context, from *guesser, name, password string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	for _, turn := range []chan struct{}{from.turn, l.checking} {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return false, errors.New("others are being compared")
		}
	}
	return l.config.Users.right(name, password), nil
}
