package monitor

import "time"

// Templates are the sources of all pages.
var Templates = overviewSource + loginSource

// Words returns what the pages say, in English and in Korean.
func Words() map[string][2]string {
	all := make(map[string][2]string)
	for key, text := range words {
		all[key] = [2]string{text.english, text.korean}
	}
	return all
}

// Span returns a duration as the pages say it, in English and in Korean.
func Span(d time.Duration) [2]string { return [2]string{tongues[0].span(d), tongues[1].span(d)} }
