package staff

import "sync"

// underway bounds what somebody has going on at a time.
type underway struct {
	most int

	mu    sync.Mutex
	count map[string]int
}

func newUnderway(most int) *underway { return &underway{most: most, count: map[string]int{}} }

// begin counts one more; false if there are enough. Whoever is let in calls end.
func (u *underway) begin(key string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count[key] >= u.most {
		return false
	}
	u.count[key]++
	return true
}

func (u *underway) end(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.count[key]--; u.count[key] == 0 {
		delete(u.count, key)
	}
}
