package monitor

import (
	"net/http"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// tongue is a language of the pages, with the printer that writes its numbers.
type tongue struct {
	tag     language.Tag
	korean  bool
	numbers *message.Printer
}

// tongues are the languages of the pages; the first is for browsers that ask for neither.
var tongues = []tongue{
	{tag: language.English, numbers: message.NewPrinter(language.English)},
	{tag: language.Korean, korean: true, numbers: message.NewPrinter(language.Korean)},
}

// matcher finds the best of the two for what a browser asks for, as ko for ko-KR. Its index
// is that of [tongues].
var matcher = language.NewMatcher([]language.Tag{tongues[0].tag, tongues[1].tag})

// String returns the language's code, as in HTML and in the switch's link.
func (t tongue) String() string { return t.tag.String() }

// other returns the language that the switch leads to.
func (t tongue) other() tongue {
	if t.korean {
		return tongues[0]
	}
	return tongues[1]
}

const (
	// languageField is the parameter by which a link switches the language.
	languageField = "lang"
	// languageCookie remembers the switch. It holds ko or en, and nothing about the person.
	languageCookie = "revoker_lang"
	// year is the cookie's life, in seconds.
	year = 365 * 24 * 60 * 60
)

// speak returns the language for a request: that of the switch, then that of the cookie,
// then the browser's (Accept-Language). A switch is remembered in a cookie, so it must be
// called before anything of the answer is written.
func speak(w http.ResponseWriter, r *http.Request, secure bool) tongue {
	chosen := r.URL.Query().Get(languageField)
	for _, t := range tongues {
		if t.String() == chosen {
			http.SetCookie(w, &http.Cookie{
				Name: languageCookie, Value: chosen, Path: "/", MaxAge: year,
				HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure,
			})
			return t
		}
	}
	if cookie, err := r.Cookie(languageCookie); err == nil {
		for _, t := range tongues {
			if t.String() == cookie.Value {
				return t
			}
		}
	}
	// A header that cannot be read asks for nothing, and gets the first language.
	wanted, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	_, i, _ := matcher.Match(wanted...)
	return tongues[i]
}

// name is what the language calls itself, so that those who need it can read the link.
func (t tongue) name() string {
	if t.korean {
		return "한국어"
	}
	return "English"
}
