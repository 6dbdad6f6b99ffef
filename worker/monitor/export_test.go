package monitor

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
