package naming

// Columns are the indices of those that are read, -1 if there is none.
type Columns struct{ ImpUID, Gateway, Number, Tier int }

// Locate finds the columns of the imp_uid, of the gateway, of the receipt's number and
// of the sub-merchant by their names in the header; an index is -1 where none is named
// so. If named is not empty, only that is the imp_uid's.
func Locate(header []string, named string, worst Likeness) (Columns, error) {
	var at Columns
	for _, column := range []struct {
		index *int
		names []string
	}{{&at.ImpUID, NamesOr(named)}, {&at.Gateway, GatewayNames}, {&at.Number, NumberNames}, {&at.Tier, TierNames}} {
		var err error
		if *column.index, _, err = Find(header, column.names, worst); err != nil {
			return at, err
		}
	}
	return at, nil
}

// NamesOr returns the names of the imp_uid's column: the one named, or the known.
func NamesOr(named string) []string {
	if named != "" {
		return []string{named}
	}
	return ImpUIDNames
}
