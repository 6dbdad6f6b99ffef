package monitor

import (
	"net/http"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// tongue is a language of the pages.
type tongue struct {
	tag     language.Tag
	korean  bool
	numbers *message.Printer
}

// tongues are the languages of the pages; the first is for those who ask for
// neither.
var tongues = []tongue{
	{tag: language.English, numbers: message.NewPrinter(language.English)},
	{tag: language.Korean, korean: true, numbers: message.NewPrinter(language.Korean)},
}

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
	languageField  = "lang"             // the parameter by which a link switches the language
	languageCookie = "revoker_lang"     // remembers it
	year           = 365 * 24 * 60 * 60 // the cookie's life, in seconds
)

// speak returns the language for a request: that of the switch, or the
// browser's. It remembers the switch.
func speak(w http.ResponseWriter, r *http.Request) tongue {
	chosen := r.URL.Query().Get(languageField)
	for _, t := range tongues {
		if t.String() == chosen {
			http.SetCookie(w, &http.Cookie{
				Name: languageCookie, Value: chosen, Path: "/", MaxAge: year,
				HttpOnly: true, SameSite: http.SameSiteStrictMode,
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
	wanted, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	_, i, _ := matcher.Match(wanted...)
	return tongues[i]
}

// name is what the language calls itself.
func (t tongue) name() string {
	if t.korean {
		return "한국어"
	}
	return "English"
}
