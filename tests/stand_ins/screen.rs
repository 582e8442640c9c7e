//! A stand-in for a compositor whose screen is cast: a picture as a stream of `PipeWire`, until it is killed.
//!
//! usage: `countersign-stand-in-screen FILE WIDTH HEIGHT`; the file holds `BGRx` pixels, and is read again for each frame.

#![allow(clippy::unwrap_used)] // a stand-in fails by panicking

use std::{env, fs, io::Cursor};

use pipewire::{
    context::ContextRc,
    main_loop::MainLoopRc,
    properties::properties,
    spa::{
        param::{
            ParamType,
            format::{FormatProperties, MediaSubtype, MediaType},
            video::VideoFormat,
        },
        pod::{Object, Pod, Property, PropertyFlags, Value, object, property, serialize::PodSerializer},
        sys,
        utils::{Direction, Fraction, Rectangle, SpaTypes},
    },
    stream::{StreamFlags, StreamRc},
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [file, width, height] = <[String; 3]>::try_from(arguments).expect("FILE WIDTH HEIGHT");
    let (width, height): (u32, u32) = (width.parse().unwrap(), height.parse().unwrap());
    let main_loop = MainLoopRc::new(None).unwrap();
    let core = ContextRc::new(&main_loop, None).unwrap().connect_rc(None).unwrap();
    let role = properties! { "node.name" => "screen", "media.class" => "Video/Source" };
    let stream = StreamRc::new(core, "screen", role).unwrap();
    let _listener = stream
        .add_local_listener::<()>()
        .param_changed(move |stream, (), id, param| {
            if param.is_some() && id == ParamType::Format.as_raw() {
                stream.update_params(&mut [Pod::from_bytes(&buffers(width, height)).unwrap()]).unwrap();
            }
        })
        .process(move |stream, ()| {
            let Some(mut buffer) = stream.dequeue_buffer() else { return };
            let data = &mut buffer.datas_mut()[0];
            let pixels = fs::read(&file).unwrap();
            data.data().expect("the buffer can be written")[..pixels.len()].copy_from_slice(&pixels);
            let chunk = data.chunk_mut();
            *chunk.offset_mut() = 0;
            *chunk.stride_mut() = (width * 4).cast_signed();
            *chunk.size_mut() = width * height * 4;
        })
        .register()
        .unwrap();
    // PipeWire's own clock asks for a frame some fifty times a second.
    let flags = StreamFlags::MAP_BUFFERS;
    stream.connect(Direction::Output, None, flags, &mut [Pod::from_bytes(&format(width, height)).unwrap()]).unwrap();
    main_loop.run();
}

/// Returns the form of the pixels.
fn format(width: u32, height: u32) -> Vec<u8> {
    bytes(object!(
        SpaTypes::ObjectParamFormat,
        ParamType::EnumFormat,
        property!(FormatProperties::MediaType, Id, MediaType::Video),
        property!(FormatProperties::MediaSubtype, Id, MediaSubtype::Raw),
        property!(FormatProperties::VideoFormat, Id, VideoFormat::BGRx),
        property!(FormatProperties::VideoSize, Rectangle, Rectangle { width, height }),
        property!(FormatProperties::VideoFramerate, Fraction, Fraction { num: 0, denom: 1 }),
    ))
}

/// Returns what buffers the pixels need.
fn buffers(width: u32, height: u32) -> Vec<u8> {
    let number =
        |key, value: u32| Property { key, flags: PropertyFlags::empty(), value: Value::Int(value.cast_signed()) };
    bytes(Object {
        type_: SpaTypes::ObjectParamBuffers.as_raw(),
        id: ParamType::Buffers.as_raw(),
        properties: vec![
            number(sys::SPA_PARAM_BUFFERS_buffers, 2),
            number(sys::SPA_PARAM_BUFFERS_blocks, 1),
            number(sys::SPA_PARAM_BUFFERS_size, width * height * 4),
            number(sys::SPA_PARAM_BUFFERS_stride, width * 4),
        ],
    })
}

fn bytes(object: Object) -> Vec<u8> {
    PodSerializer::serialize(Cursor::new(Vec::new()), &Value::Object(object)).unwrap().0.into_inner()
}
