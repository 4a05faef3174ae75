package agency

// Owned are the tables that Clear clears, in its order.
func Owned() []string { return owned() }
