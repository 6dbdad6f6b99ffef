package login

import (
	"net/http"
	"time"
)

// begin begins a session, and ends the one that the browser had before: a cookie that was
// stolen is of no use after its owner has logged in again.
func (l *Login) begin(w http.ResponseWriter, r *http.Request, visitor Visitor) {
	l.end(r)
	http.SetCookie(w, l.cookie(l.sessions.add(visitor), Lifetime))
}

// end ends the sessions of the cookies of a request, if there are any.
func (l *Login) end(r *http.Request) {
	for _, cookie := range r.CookiesNamed(l.cookieName()) {
		l.sessions.end(cookie.Value)
	}
}

// out ends the session, and deletes the cookie. It needs no login: a session that is over is
// not found.
func (l *Login) out(w http.ResponseWriter, r *http.Request) {
	l.end(r)
	http.SetCookie(w, l.cookie("", -time.Second))
	http.Redirect(w, r, Path, http.StatusSeeOther)
}

// cookieName is the name of the cookie that holds a session's token. Browsers send cookies
// to every port of a host, so the name says whose it is. With the prefix __Host- browsers
// take it from this host by HTTPS alone, and from no sibling domain.
func (l *Login) cookieName() string {
	if l.config.Secure() {
		return "__Host-revoker_session"
	}
	return "revoker_session"
}

// cookie returns the session's cookie, or one that deletes it if its age is below zero.
// Scripts cannot read it (HttpOnly), and a request that another site causes does not carry
// it (SameSite).
func (l *Login) cookie(value string, age time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: l.cookieName(), Value: value, Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: l.config.Secure(),
	}
}
