/* The inner loops of the proof: read a binary COPY, spell its words, look runs of them up.

   A run of words is looked at only when a filter knows its first units; its hash is a polynomial
   over its units, so that every way to part them has the same one.
   Compiled to WebAssembly by ``make kernel``: what it reads it reads in a sandbox. */

#include "spelling.h"

enum { WORDS = 10, LONGEST = 255, SHORTEST = 6 };           /* of what is looked for in texts */
enum { KEY, SEARCHED, COMPARED, EMPTY };                    /* roles of a field */
enum { HIT_INSIDE = 1, HIT_WHOLE, HIT_NOT_EMPTY };          /* kinds of a hit */
enum { PLAIN, IDENTIFYING, NAMING, SECRET };                /* what an original can be */
enum { INSIDE, WHOLE, SHORT };                              /* how an original is looked for */
enum { FEWEST_DIGITS = 7, FEWEST_IN_NAME = 8, FEWEST_IN_SECRET = 8 };
enum { FILTER_BITS = 24, FIELDS = 2048, NOWHERE = 0xFFFFFFFF };
enum { STRANGE = 0xFFFF };                                  /* the kind of no original */
enum { OVERLAP = 1 << 12 };                                 /* of two windows */
enum { OTHER = 1, UPPER = 2, LOWER = 4 };                   /* digits of base64 */
enum { ENCODED = 16 };                                      /* of what is decoded, at least */

static u8 digits64[256], values64[256];                     /* of base64 */
static u8 roles[FIELDS];
static u64 filter[1 << (FILTER_BITS - 6)];

static u8 decoded[WINDOW + SLACK];

struct original { u64 key; u32 place; u16 length; u8 class, kind; };
struct hit { u32 kind, field, at, size; };
struct spot { u32 key_at, key_size, at, size, begin, end, kind; };

static struct original *found;
static u64 *table, *invented;
static u8 *kinds;
static u32 found_last, found_used, table_last, invented_last, invented_used;
static struct { u32 rows, bytes; } done;                     /* of the last block */

EXPORT(source) u64 source(void) { return SOURCE; }          /* which file this was compiled from */
EXPORT(roles_at) u8 *roles_at(void) { return roles; }
EXPORT(done_at) void *done_at(void) { return &done; }

/* Derive what follows from ``folds``, once they are written. */
EXPORT(prepare) void prepare(void) {
    prepare_spelling();
    for (int i = 0; i < 64; i++) {
        u8 digit = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[i];
        digits64[digit] = i < 26 ? UPPER : i < 52 ? LOWER : OTHER;
        values64[digit] = i;
    }
}

/* ---- sets ------------------------------------------------------------------------------- */

static u64 mixed(u64 value) {
    value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCDULL;
    return value ^ (value >> 33);
}

static u32 place_of(const u64 *set, u32 last, u64 value) {
    for (u64 place = mixed(value) & last; set[place]; place = (place + 1) & last)
        if (set[place] == value) return place;
    return NOWHERE;
}

/* The place of a value that was not in the set yet. */
static u32 add(u64 *set, u32 last, u64 value) {
    u64 place = mixed(value) & last;
    for (; set[place]; place = (place + 1) & last)
        if (set[place] == value) return NOWHERE;
    set[place] = value;
    return place;
}

/* What the filter knows: first units, and them with the length of a run or a whole. Each sets two
   bits of one word, so that one look is enough and few pass by chance. */

INLINE u32 place_at(const u8 *first) {
    u64 word = *(const u64 *)first & 0xFFFFFFFFFFFFULL;
    return word * (secrets[0] | 1) >> 32;
}

static u32 shape(u32 place, u32 length, u32 class) {
    return mixed((u64)place << 32 | length << 2 | class << 1 | 1) >> 32;
}

INLINE u64 filter_bits(u32 place) { return 1ULL << (place & 63) | 1ULL << (place >> 6 & 63); }

INLINE u64 *filter_word(u32 place) { return &filter[place >> (32 - FILTER_BITS + 6)]; }

INLINE int passes(u32 place) { return !(filter_bits(place) & ~*filter_word(place)); }

static void let_pass(u32 place) { *filter_word(place) |= filter_bits(place); }

static int field_size(const u8 *at) {
    return (int)((u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3]);
}

/* ---- collecting originals ---------------------------------------------------------------- */

struct measured { u64 hash; u32 place, words, length, digits; };

static struct measured measure(const u8 *data, u32 begin, u32 end) {
    struct measured m = {0, 0, 0, 0, 0};
    for (u32 at = begin; at < end;) {
        struct spelled window = spell(data, begin, at, smaller(end, at + WINDOW), 0);
        if (m.length < SHORTEST) m.place = place_at(units);
        m.hash = hash(m.hash, 0, window.units);
        m.length += window.units;
        m.words += window.words;
        for (u32 i = 0; i < window.units; i++) m.digits += units[i] >= '0' && units[i] <= '9';
        at = window.at;
    }
    return m;
}

/* By nature, words and length: how a value is looked for, if at all. */
static u32 class_of(const struct measured *m, u32 nature) {
    if (m->length < SHORTEST || (m->digits == m->length && m->length < FEWEST_DIGITS)) return SHORT;
    if (m->length > LONGEST || m->words > WORDS) return WHOLE;
    int anywhere = nature == IDENTIFYING ? m->digits > 0 || m->words > 1
                   : nature == NAMING    ? m->words > 1 && m->length >= FEWEST_IN_NAME
                   : nature == SECRET    ? m->digits > 0 && m->length >= FEWEST_IN_SECRET
                                         : 0;
    return anywhere ? INSIDE : WHOLE;
}

static const u64 STEP = 0x9E3779B97F4A7C15ULL;              /* between the classes of one hash */

static void keep(struct original *set, u32 last, const struct original *one) {
    u64 place = mixed(one->key) & last;
    for (; set[place].key; place = (place + 1) & last)
        if (set[place].key == one->key) return;
    set[place] = *one;
    found_used++;
}

/* Room for the originals: ``last`` + 1 zeroed entries, a power of two; what was there moves. */
EXPORT(room_for_found) void room_for_found(struct original *room, u32 last) {
    u32 count = found ? found_last + 1 : 0;
    found_used = 0;
    for (u32 i = 0; i < count; i++)
        if (found[i].key) keep(room, last, &found[i]);
    found = room;
    found_last = last;
}

EXPORT(room_for_invented) void room_for_invented(u64 *room, u32 last) {
    u32 count = invented ? invented_last + 1 : 0;
    invented_used = 0;
    for (u32 i = 0; i < count; i++)
        if (invented[i]) invented_used += add(room, last, invented[i]) != NOWHERE;
    invented = room;
    invented_last = last;
}

EXPORT(found_count) u32 found_count(void) { return found_used; }
EXPORT(invented_count) u32 invented_count(void) { return invented_used; }

/* Take each field of a block of COPY as an original of this nature; ``kind`` is kept for it. */
EXPORT(collect) void collect(const u8 *data, u32 size, u32 nature, u32 kind) {
    for (u32 at = 0; at + 6 <= size;) {
        int length = field_size(data + at + 2);
        at += 6;
        if (length <= 0) continue;
        struct measured m = measure(data, at, at + length);
        at += length;
        u32 class = class_of(&m, nature);
        u16 counted = smaller(m.length, 0xFFFF);
        struct original one = {m.hash + class * STEP, m.place, counted, class, kind};
        if (m.length) keep(found, found_last, &one);
    }
}

/* Take each field of a block of COPY as what masking may put in place of an original. */
EXPORT(invent) void invent(const u8 *data, u32 size) {
    for (u32 at = 0; at + 6 <= size;) {
        int length = field_size(data + at + 2);
        at += 6;
        if (length <= 0) continue;
        u64 value = measure(data, at, at + length).hash;
        at += length;
        if (value) invented_used += add(invented, invented_last, value) != NOWHERE;
    }
}

/* Write up to ``room`` originals that can be looked for, from entry ``*from`` on; count the rest. */
EXPORT(hand_out) u32 hand_out(struct original *out, u32 room, u32 *from, u32 *left) {
    u32 count = 0, i = *from;
    for (; found && i <= found_last && count < room; i++) {
        struct original *one = &found[i];
        if (!one->key) continue;
        u64 value = one->key - one->class * STEP;
        if (one->class == SHORT) left[0]++;
        else if (invented && place_of(invented, invented_last, value) != NOWHERE) left[1]++;
        else out[count++] = *one;
    }
    *from = i;
    return count;
}

/* ---- searching --------------------------------------------------------------------------- */

EXPORT(room_for_table) void room_for_table(u64 *room, u8 *room_for_kinds, u32 last) {
    table = room;
    kinds = room_for_kinds;
    table_last = last;
}

/* Look for these originals; return how many of them inside texts. */
EXPORT(expect) u32 expect(const struct original *originals, u32 count) {
    u32 inside = 0;
    for (u32 i = 0; i < count; i++) {
        const struct original *one = &originals[i];
        u32 place = add(table, table_last, one->key);
        if (place != NOWHERE) kinds[place] = one->kind;
        let_pass(shape(one->place, one->length, one->class));
        if (one->class == INSIDE) {
            let_pass(one->place);
            inside++;
        }
    }
    return inside;
}

/* Where to note every original, with the row and the text that it is in. */
struct notes { struct spot *spots, in; u32 count, room; };

static void note(struct notes *notes, u32 begin, u32 end, u32 kind) {
    if (notes->count++ >= notes->room) return;
    struct spot *spot = &notes->spots[notes->count - 1];
    *spot = notes->in;
    spot->begin = begin;
    spot->end = end;
    spot->kind = kind;
}

/* Whether an original begins with this word; with ``notes`` all that do are noted instead. */
static int begins(u32 word, u32 words, u32 place, struct notes *notes) {
    u32 start = starts[word], stop = smaller(words, word + WORDS), done = start;
    u64 value = 0;
    for (u32 next = word + 1; next <= stop; next++) {
        u32 length = starts[next] - start;
        if (length > LONGEST) break;
        if (length < SHORTEST || !passes(shape(place, length, INSIDE))) continue;
        value = hash(value, done, starts[next]);
        done = starts[next];
        u32 in_table = place_of(table, table_last, value);
        if (in_table == NOWHERE) continue;
        if (!notes) return 1;
        note(notes, firsts[word], lasts[next - 1], kinds[in_table]);
    }
    return 0;
}

struct seen { u32 hit, quoted, encoded, length; };

/* Look at every word of what was spelled. */
INLINE struct seen look(struct spelled window, struct notes *notes) {
    struct seen seen = {0, window.quoted, 0, window.units};
    for (u32 word = 0; word < window.words; word++) {
        u32 place = place_at(units + starts[word]);
        if (passes(place) && begins(word, window.words, place, notes)) {
            seen.hit = HIT_INSIDE;
            break;
        }
    }
    for (u32 word = 0; window.mixed_case && word < window.words; word++)
        seen.encoded |= starts[word + 1] - starts[word] >= ENCODED;
    return seen;
}

/* Look through a text, window by window; nothing that is looked for is longer than they overlap. */
INLINE struct seen walk(const u8 *data, u32 begin, u32 end, struct notes *notes) {
    struct seen all = {0, 0, 0, 0};
    for (u32 at = begin; at < end && !all.hit;) {
        struct spelled window = spell(data, begin, at, smaller(end, at + WINDOW), notes != 0);
        struct seen seen = look(window, notes);
        all.hit |= seen.hit;
        all.quoted |= seen.quoted;
        all.encoded |= seen.encoded;
        all.length += seen.length;
        at = window.at < end ? window.at - OVERLAP : end;
    }
    return all;
}

static int is_line_end(u8 byte) { return byte == '\r' || byte == '\n'; }

/* Look through what was decoded; keep the end of it, where something may go on. */
static int look_at_decoded(u32 *size) {
    if (walk(decoded, 0, *size, 0).hit) return 1;
    u32 kept = smaller(*size, OVERLAP);
    for (u32 i = 0; i < kept; i++) decoded[i] = decoded[*size - kept + i];
    *size = kept;
    return 0;
}

/* The end of the base64 that begins here, over ends of lines; and whether it can be any. */
static u32 run_end(const u8 *data, u32 at, u32 end, int *is_mixed) {
    u32 seen = 0, last = at;
    for (; at < end; at++) {
        u8 digit = digits64[data[at]];
        if (digit) {
            seen |= digit;
            last = at + 1;
        } else if (!is_line_end(data[at])) break;
    }
    *is_mixed = (seen & UPPER) && (seen & LOWER);
    return last;
}

static int in_base64(const u8 *data, u32 at, u32 end) {
    u32 bits = 0, held = 0, size = 0;
    for (; at < end; at++) {
        u8 digit = digits64[data[at]];
        if (!digit) continue;
        bits = bits << 6 | values64[data[at]];
        held += 6;
        if (held < 8) continue;
        held -= 8;
        decoded[size++] = bits >> held;
        if (size == WINDOW && look_at_decoded(&size)) return 1;
    }
    return look_at_decoded(&size);
}

static int in_runs(const u8 *data, u32 begin, u32 end) {
    for (u32 at = begin; at < end;) {
        if (!digits64[data[at]]) {
            at++;
            continue;
        }
        int is_mixed;
        u32 stop = run_end(data, at, end, &is_mixed);
        if (stop - at >= ENCODED && is_mixed && in_base64(data, at, stop)) return 1;
        at = stop;
    }
    return 0;
}

static int in_quoted(const u8 *data, u32 begin, u32 end) {
    u32 size = 0;
    for (u32 at = begin; at < end;) {
        int code = data[at] == '=' ? hexadecimal(data, at + 1, end, 2) : -1;
        u8 after = at + 1 < end ? data[at + 1] : 0;
        if (code >= 0) {
            decoded[size++] = code;
            at += 3;
        } else if (data[at] == '=' && is_line_end(after)) at += after == '\n' ? 2 : 3;
        else decoded[size++] = data[at++];
        if (size == WINDOW && look_at_decoded(&size)) return 1;
    }
    return look_at_decoded(&size);
}

static int is_original(const u8 *data, u32 begin, u32 end, u32 length) {
    int one_window = end - begin <= WINDOW;
    if (length < SHORTEST) return 0;
    if (one_window && !passes(shape(place_at(units), smaller(length, 0xFFFF), WHOLE))) return 0;
    u64 value = one_window ? hash(0, 0, length) : measure(data, begin, end).hash;
    return place_of(table, table_last, value + WHOLE * STEP) != NOWHERE;
}

static u32 search_field(const u8 *data, u32 begin, u32 end, int compared) {
    struct seen seen = walk(data, begin, end, 0);
    if (seen.hit) return seen.hit;
    if (compared && is_original(data, begin, end, seen.length)) return HIT_WHOLE;
    if (seen.encoded && in_runs(data, begin, end)) return HIT_INSIDE;
    return seen.quoted && in_quoted(data, begin, end) ? HIT_INSIDE : 0;
}

/* A value of a column that has nothing of an original; many columns have it in the next row, too. */
static struct { u32 at, size; } harmless[FIELDS];

static int is_harmless(const u8 *data, u32 at, u32 size, u32 field) {
    if (harmless[field].size != size || size > WIDE) return 0;
    for (u32 i = 0; i < size; i += 16) {
        v128_t one = wasm_v128_load(data + at + i), other = wasm_v128_load(data + harmless[field].at + i);
        u32 differs = 0xFFFF & ~wasm_i8x16_bitmask(wasm_i8x16_eq(one, other));
        if (differs && i + __builtin_ctz(differs) < size) return 0;
    }
    return 1;
}

static u32 look_up(const u8 *data, u32 at, u32 size, u32 field) {
    if (is_harmless(data, at, size, field)) return 0;
    u32 kind = search_field(data, at, at + size, roles[field] == COMPARED);
    harmless[field].at = at;
    harmless[field].size = kind ? 0 : size;
    return kind;
}

/* Look every field of a block of COPY up; return how many hits there were.

   ``hits`` gets as many as there is room for: kind, field, place and size of the row's key (size
   0xFFFFFFFF without one). A field has one hit at most. */
EXPORT(search) u32 search(const u8 *data, u32 size, struct hit *hits, u32 room) {
    u32 count = 0;
    done.rows = done.bytes = 0;
    __builtin_memset(harmless, 0, sizeof harmless);
    for (u32 at = 0; at + 2 <= size;) {
        u32 fields = (u32)data[at] << 8 | data[at + 1], key_at = 0, key_size = NOWHERE;
        at += 2;
        done.rows++;
        for (u32 field = 0; field < fields; field++) {
            int length = field_size(data + at);
            at += 4;
            if (length < 0) continue;
            u32 role = roles[field], kind = 0;
            if (role == KEY) {
                key_at = at;
                key_size = length;
            } else if (role == EMPTY) kind = length ? HIT_NOT_EMPTY : 0;
            else {
                done.bytes += length;
                kind = look_up(data, at, length, field);
            }
            if (kind && count++ < room)
                hits[count - 1] = (struct hit){kind, field, key_at, key_size};
            at += length;
        }
    }
    return count;
}

/* Whether an address or a phone number may be in a text that nobody knows. */
static int is_strange(const u8 *data, u32 begin, u32 end) {
    u32 digits = 0;
    for (u32 at = begin; at < end; at++) {
        if (data[at] == '@') return 1;
        digits += data[at] >= '0' && data[at] <= '9';
    }
    return digits >= FEWEST_DIGITS;
}

/* Find every original in rows of a key and a text; return how many there were.

   ``spots`` gets as many as there is room for: where the row's key and its text are, where the
   original is, and its kind. A text that could hold an address or a phone number that nobody knows
   gets a spot of the kind STRANGE, too. Nothing is decoded: what is in the text as it stands can be
   replaced. */
EXPORT(locate) u32 locate(const u8 *data, u32 size, struct spot *spots, u32 room) {
    struct notes notes = {spots, {0, 0, 0, 0, 0, 0, 0}, 0, room};
    for (u32 at = 0; at + 2 <= size;) {
        notes.in.key_size = field_size(data + at + 2);
        notes.in.key_at = at + 6;
        at += 6 + notes.in.key_size;
        notes.in.size = field_size(data + at);
        notes.in.at = at += 4;
        walk(data, at, at + notes.in.size, &notes);
        if (is_strange(data, at, at + notes.in.size)) note(&notes, 0, 0, STRANGE);
        at += notes.in.size;
    }
    return notes.count;
}
