create table conversations(
    id text primary key, profile text not null, record text not null);
create table messages(
    conversation_id text not null, id text not null, order_key integer, sent_at real, part text,
    base text, amendment text, primary key(conversation_id, id)) without rowid;
create index messages_in_order on messages(conversation_id, order_key, id);
create index messages_by_part on messages(conversation_id, part, order_key, id);
create table seen(conversation_id text primary key, order_key integer not null);
create table drafts(
    conversation_id text not null, visibility text not null, text text not null,
    primary key(conversation_id, visibility));
create table outbox(
    place integer primary key autoincrement, client_id text not null unique, conversation_id text not null,
    state text not null, record text not null);
create table cursors(profile text primary key, cursor text not null);
create table layout(id integer primary key check (id = 1), record text not null);
pragma user_version = 1;
