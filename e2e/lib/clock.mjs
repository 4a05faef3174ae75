// It is late morning where the journeys take place, whenever they run: what is booked for later today is still today,
// and no day ends under way.

const eleven = 11 - new Date().getUTCHours();
// The names count westward (POSIX): five hours ahead of UTC is Etc/GMT-5.
export const TIME_ZONE = `Etc/GMT${eleven > 0 ? '-' : '+'}${Math.abs(eleven)}`;
